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

    /// Rows of a unit, at most: its result fits into one message of a bounded size.
    package static let rowsMax = 512

    /// Responses of a row, at most.
    package static let responsesMax = 64

    package var work: WorkKind

    /// What each row's responses are called, in their order.
    package var responses: [String]

    /// At least one; each has as many responses as there are names.
    package var items: [Item]

    package init(work: WorkKind, responses: [String], items: [Item]) {
        self.work = work
        self.responses = responses
        self.items = items
    }
}
