internal import FileSystem
internal import Margins
internal import Reports

/// The margins of an annotated file's rows.
struct AnnotatedMargins {
    private(set) var margins = MarginStatistics()

    /// Differences of the two scores, as the labels have them.
    private(set) var raw = MarginStatistics()
    private(set) var flippedRows = 0

    /// Whether every row has one.
    private(set) var areRawKnown = true

    init() {}

    /// - Throws: `FileError`.
    init(ofFile path: String) throws {
        try AnnotatedFile(path: path).forEachRow { add($0) }
    }

    mutating func add(_ row: AnnotatedRow) {
        margins.add(row.margin)
        raw.add(row.rawMargin)
        flippedRows += row.isFlipped ? 1 : 0
        areRawKnown = areRawKnown && row.isRawKnown
    }
}
