import Foundation

/// Parses the inputs that the parent process asks for, in a process of its own: a trap ends no more than that.
enum FuzzRun {
    /// An input that takes longer ends the process with SIGPROF. In the processor's time, not the clock's: machines are
    /// busy, and some sleep.
    private static let secondsMax = 20

    /// How much memory one input may take: a constant, and a multiple of its size. The largest multiples are those of
    /// empty parts of messages (two bytes on the wire) and of flags in arrays (one byte in the file).
    private static let memoryMax = 16 << 20
    private static let memoryPerByteMax = 256

    /// By how much the peak may grow over all inputs, one after another.
    private static let memoryGrowthMax = 96 << 20

    /// More memory cannot be had at all, not even if it is not touched: what a header announces is no reason to reserve it.
    private static let addressesMax = UInt(1 << 30)

    static func run() throws {
        let journal = try FuzzJournal.ofParentProcess()
        do {
            try run(journal)
        } catch {
            journal.message = "\(error)"
            exit(EXIT_FAILURE)
        }
    }

    private static func run(_ journal: FuzzJournal) throws {
        let parser = FuzzedParser.all[Int(journal[.parser])]
        forgetThrownErrors()
        var mutator = try Mutator(parser)
        let file = try ScratchFile()
        // What is made once (tables, compiled patterns, caches) belongs to no input.
        for parts in mutator.corpus { _ = try? parser.parse(parser.assemble(parts, &mutator), file) }
        var limit = rlimit(rlim_cur: rlim_t(addressesMax), rlim_max: rlim_t(addressesMax))
        guard setrlimit(__rlimit_resource_t(RLIMIT_DATA.rawValue), &limit) == 0 else {
            throw BrokenPromise("memory cannot be limited: \(String(cString: strerror(errno)))")
        }
        journal[.memoryAtStart] = UInt64(try memoryPeak())

        let parent = getppid()
        let clock = ContinuousClock()
        var peak = try memoryPeak()
        let start = peak
        for number in journal[.first]..<(journal[.first] + journal[.count]) {
            // Nobody waits for the rest.
            guard getppid() == parent else { exit(EXIT_FAILURE) }
            journal[.current] = number
            let input = mutator.input(number, seed: journal[.seed])
            limitTime(seconds: secondsMax)
            let begin = clock.now
            let outcome = try parser.parse(input, file)
            let microseconds = UInt64((clock.now - begin) / .microseconds(1))
            if microseconds > journal[.slowestMicroseconds] {
                (journal[.slowest], journal[.slowestMicroseconds]) = (number, microseconds)
            }
            if outcome != .refusedAtOnce { journal[.reached] += 1 }
            if outcome == .accepted { journal[.accepted] += 1 }

            let before = peak
            peak = try memoryPeak()
            let bytes = input.reduce(0) { $0 + $1.count }
            try BrokenPromise.unless(
                peak - before <= memoryMax + memoryPerByteMax * bytes && peak - start <= memoryGrowthMax,
                "\(bytes) bytes of input took the peak of memory from \(before >> 10) to \(peak >> 10) KiB")
        }
        limitTime(seconds: 0)
        journal[.memoryPeak] = UInt64(peak)
    }

    /// Swift Testing takes a backtrace of every error that is thrown, and keeps many: a thousand times what the throwing of
    /// an error costs in a program.
    private static func forgetThrownErrors() {
        for hook in ["_swift_willThrow", "_swift_willThrowTypedImpl"] {
            dlsym(nil, hook)?.storeBytes(of: 0, as: UInt.self)
        }
    }

    /// - Parameter seconds: 0 for no limit.
    private static func limitTime(seconds: Int) {
        var timer = itimerval(it_interval: timeval(), it_value: timeval(tv_sec: seconds, tv_usec: 0))
        setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
    }

    /// The most memory that this process ever had, in bytes. (What `getrusage` tells begins with that of the process that
    /// started this one.)
    private static func memoryPeak() throws -> Int {
        let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        guard let kilobytes = line.flatMap({ Int($0.filter(\.isNumber)) }) else {
            throw BrokenPromise("/proc/self/status does not say VmHWM")
        }
        return kilobytes << 10
    }
}
