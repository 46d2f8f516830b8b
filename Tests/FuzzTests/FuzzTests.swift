import Foundation
import Testing

/// Inputs made from valid ones with structure in mind, for every parser that reads bytes of others. Whatever comes, the
/// parser returns or throws an error that it declares, keeps what it promises, ends, and takes little memory.
///
/// `LEGEND_FUZZ_INPUTS` says how many inputs, `LEGEND_FUZZ_PARSER` for which parser only, `LEGEND_FUZZ_SEED` which ones;
/// `LEGEND_FUZZ_INPUT` is the number of a single one.
@Suite(.serialized) struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["LEGEND_FUZZ_INPUTS"].flatMap { UInt64($0) } ?? 20_000
    private static let seed = environment["LEGEND_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1
    private static let onlyInput = environment["LEGEND_FUZZ_INPUT"].flatMap { UInt64($0) }

    private static var parsers: [String] {
        environment["LEGEND_FUZZ_PARSER"].map { [$0] } ?? FuzzedParser.all.map(\.name)
    }

    @Test(arguments: parsers) func noInputBreaksTheParser(_ name: String) async throws {
        let index = try #require(
            FuzzedParser.all.firstIndex { $0.name == name },
            "LEGEND_FUZZ_PARSER: expected one of \(FuzzedParser.all.map(\.name)), found \(name)")
        let journal = try FuzzJournal.create()
        journal[.parser] = UInt64(index)
        journal[.seed] = Self.seed
        journal[.first] = Self.onlyInput ?? 0
        journal[.count] = Self.onlyInput == nil ? Self.count : 1
        let start = ContinuousClock.now
        let result = await #expect(processExitsWith: .success) { try FuzzRun.run() }
        guard result != nil else {
            Issue.record("\(try failure(FuzzedParser.all[index], journal))")
            return
        }
        print(summary(name, journal, seconds: (ContinuousClock.now - start) / .seconds(1)))
        #expect(Self.onlyInput != nil || journal[.reached] > Self.count / 4, "most inputs fail at the first check")
    }

    private func summary(_ name: String, _ journal: FuzzJournal, seconds: Double) -> String {
        func percentage(_ count: UInt64) -> String {
            "\(Int((100 * Double(count) / Double(journal[.count])).rounded())) %"
        }
        return """
            \(name): \(journal[.count]) inputs of seed \(journal[.seed]) in \(Int(seconds.rounded())) s, \
            \(percentage(journal[.reached])) got past the first checks, \(percentage(journal[.accepted])) were accepted; \
            memory at its peak \(journal[.memoryPeak] >> 20) MiB, \(journal[.memoryAtStart] >> 20) of them before; \
            the slowest input, \(journal[.slowest]), took \(journal[.slowestMicroseconds]) µs
            """
    }

    /// Which input it was, how to make it again, and its bytes.
    private func failure(_ parser: FuzzedParser, _ journal: FuzzJournal) throws -> String {
        var mutator = try Mutator(parser)
        let input = mutator.input(journal[.current], seed: Self.seed)
        let parts = input.map { part in
            part.prefix(4096).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                + (part.count > 4096 ? "… (\(part.count) bytes)" : "")
        }
        return """
            \(parser.name), seed \(Self.seed), input \(journal[.current]): \
            \(journal.message.isEmpty ? "the process ended (see its signal above; SIGPROF is a hang)" : journal.message)
            again: LEGEND_FUZZ_PARSER=\(parser.name) LEGEND_FUZZ_SEED=\(Self.seed) \
            LEGEND_FUZZ_INPUT=\(journal[.current]) swift test -c release --filter FuzzTests
            input: \(parts.joined(separator: " | "))
            """
    }
}
