internal import CommandLineTool

/// What becomes of a worker whose process ended in the middle of a job.
enum RestartPolicy {
    enum Verdict: Hashable {
        case restart(afterSeconds: Double)
        case giveUp
    }

    /// What a shell says of a program that is not there, or is none.
    static let commandMissing: ClosedRange<Int32> = 126...127

    /// ssh's own failures, such as a host that does not answer.
    private static let sshFailed = ChildProcess.Ending.exit(status: 255)

    private static let failedStartsMax = 5

    /// Whether a person must change something before another start can end otherwise.
    static func isUsage(_ ending: ChildProcess.Ending, isRemote: Bool) -> Bool {
        guard case .exit(let status) = ending else { return false }
        return status == ExitStatus.usage.rawValue || isRemote && commandMissing.contains(status)
    }

    /// - Parameters:
    ///   - failedStarts: in a row after which the worker never became ready, this one included; 0: it was ready.
    ///   - wasEverReady: in this start or an earlier one.
    static func verdict(
        on ending: ChildProcess.Ending, failedStarts: Int, wasEverReady: Bool, isRemote: Bool
    ) -> Verdict {
        if isUsage(ending, isRemote: isRemote) { return .giveUp }
        // A host that worked may be rebooting, or unreachable for a night.
        let isAway = isRemote && wasEverReady && ending == sshFailed
        guard failedStarts < failedStartsMax || isAway else { return .giveUp }
        return .restart(afterSeconds: min(Double(1 << min(failedStarts, 20)) / 2, isRemote ? 300 : 30))
    }
}
