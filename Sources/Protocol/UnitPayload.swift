/// Rendered rows that one worker embeds as one piece of work.
package struct UnitPayload: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        /// The row's index in its dataset.
        package var row: UInt64
        package var text: RenderedItem

        package init(row: UInt64, text: RenderedItem) {
            self.row = row
            self.text = text
        }
    }

    /// Rows of a unit, at most.
    package static let rowsMax = 512

    /// Responses of a row, at most.
    package static let responsesMax = 64

    /// How many texts a unit may have besides those of one row: its result fits into one message of a bounded size.
    ///
    /// - Parameters:
    ///   - readouts: vectors that the job asks for of each text.
    ///   - kept: vectors that it keeps of each: 8 MiB of a model with a hidden size of 8192, so that a slow link passes
    ///     other messages between two results.
    package static func textsMax(readouts: Int, kept: Int) -> Int {
        max(1, min(UnitResult.vectorsMax / readouts, kept == 0 ? .max : 512 / kept))
    }

    package var work: WorkKind

    /// What each row's responses are called, in their order; nil where each row has as many as it has.
    package var responses: [String]?

    /// At least one; each has as many responses as there are names, or 1 to `responsesMax`.
    package var items: [Item]

    package init(work: WorkKind, responses: [String]?, items: [Item]) {
        self.work = work
        self.responses = responses
        self.items = items
    }

    package var textCount: Int { items.reduce(0) { $0 + $1.text.responses.count } }

    /// A row's response as a person knows it.
    package func name(ofResponse index: Int) -> String { responses.map { $0[index] } ?? "\(index + 1)." }
}
