/// What a dataset's columns are called, and what is in them. What a reader can recognise is a list of these, so that
/// another format needs another value and nothing else.
package struct DatasetFormat: Sendable {
    package typealias Layouts = @Sendable (DatasetOptions) -> [RowLayout]
    package typealias LayoutsOfRow = @Sendable (OriginalRow, DatasetOptions) -> [RowLayout]

    /// Different for every format: how the configuration names it.
    package let name: String

    /// What columns it needs, for messages.
    let columns: String

    /// What its rows may be used for. Where a file fits several formats equally well, the one with the greatest number is
    /// taken, of equal ones the first in the list.
    let precedence: [RowPurpose: Int]

    /// How its rows may be laid out, the likeliest first; none if a refusal is needed and none is configured.
    let layouts: Layouts

    /// More of them, where they are too many to try all: those that a row may have, by its columns.
    let layoutsOfRow: LayoutsOfRow?

    package init(
        name: String, columns: String, precedence: [RowPurpose: Int], layouts: @escaping Layouts,
        layoutsOfRow: LayoutsOfRow? = nil
    ) {
        self.name = name
        self.columns = columns
        self.precedence = precedence
        self.layouts = layouts
        self.layoutsOfRow = layoutsOfRow
    }

    /// Those that every job can have, in the order in which messages name them.
    package static let all = [
        anchors, harmful, legend, preference, conversational, sharegpt, hh, pku, ranked, prompts, candidates,
    ]

    /// Name and columns, for messages.
    var requirement: String { "\(name) (\(columns))" }
}

extension DatasetFormat: Hashable {
    package static func == (one: Self, other: Self) -> Bool { one.name == other.name }

    package func hash(into hasher: inout Hasher) { hasher.combine(name) }
}

extension [DatasetFormat] {
    package func names(for purpose: RowPurpose) -> [String] {
        filter { $0.precedence[purpose] != nil }.map(\.name)
    }

    /// Those that a file for that use may have, in the order of their precedence.
    func candidates(for purpose: RowPurpose) -> [DatasetFormat] {
        let places = compactMap { format in format.precedence[purpose].map { (format, $0) } }
        // Sorting keeps the order of equals.
        return places.sorted { $0.1 > $1.1 }.map(\.0)
    }
}
