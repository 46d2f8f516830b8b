/// `legend-coordinator status`, which waits a few seconds for its answer: on a busy machine it is asked again.
enum StatusQuestion {
    private static let attemptsMax = 100

    static func ask(_ arguments: [String]) async throws -> (program: RunningProgram, exit: RunningProgram.Exit) {
        for _ in 1..<attemptsMax {
            let answer = try await askOnce(arguments)
            if !answer.program.errors.contains("no coordinator answers") { return answer }
        }
        return try await askOnce(arguments)
    }

    private static func askOnce(
        _ arguments: [String]
    ) async throws -> (program: RunningProgram, exit: RunningProgram.Exit) {
        let program = try RunningProgram(Programs.coordinator, ["status"] + arguments)
        return (program, await program.exit())
    }
}
