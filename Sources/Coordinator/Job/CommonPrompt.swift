internal import Foundation
internal import JobStore
internal import Margins
internal import Protocol

/// Finds the prompt that more than half of a job's rows have. It tells rows apart no more: nothing says that its rows resemble
/// one another, and what is fitted without them is fitted on few.
///
/// In constant memory: of many rows those count that a hash of their numbers draws, the same whoever asks.
struct CommonPrompt {
    private static let rowsMax = 4096
    private static let seed: UInt64 = 12

    private var drawn: [(hash: UInt64, prompt: PromptDigest)] = []

    mutating func add(_ prompt: PromptDigest, row: UInt64) {
        drawn.append((seededHash(Int(truncatingIfNeeded: row), seed: Self.seed), prompt))
        if drawn.count >= 2 * Self.rowsMax { prune() }
    }

    private mutating func prune() {
        drawn.sort { $0.hash < $1.hash }
        drawn.removeLast(max(0, drawn.count - Self.rowsMax))
    }

    /// nil where no prompt has so many.
    var prompt: PromptDigest? {
        var pruned = self
        pruned.prune()
        let counts = Dictionary(pruned.drawn.map { ($0.prompt, 1) }, uniquingKeysWith: +)
        return counts.first { 2 * $0.value > pruned.drawn.count }?.key
    }
}

extension Ledger {
    private static let commonPromptName = "commonPrompt"

    /// Keeps what was found of all rows, while not all of them are here.
    func set(commonPrompt prompt: PromptDigest?) throws {
        try set(Self.commonPromptName, to: JobState.serialized([prompt].compactMap(\.self)))
    }

    /// The prompt that more than half of the job's rows have; nil without one.
    ///
    /// - Throws: a database error.
    func commonPrompt() throws -> PromptDigest? {
        if let known = try setting(Self.commonPromptName) {
            return try JSONDecoder().decode([PromptDigest].self, from: Data(known)).first
        }
        var common = CommonPrompt()
        try forEachPrompt(of: [.survey, .rows]) { _, row, prompt in common.add(prompt, row: row) }
        return common.prompt
    }
}
