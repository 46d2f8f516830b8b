internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import Margins

/// What an annotated file's rows say by themselves. Reads the file twice, in constant memory.
struct RowFigures: Sendable {
    private(set) var margins = MarginStatistics()

    /// Of the rows' score differences.
    private(set) var rawMargins = MarginStatistics()

    /// Rows whose responses changed places.
    private(set) var flippedRows = 0

    /// The lowest margins, by the labels' order, of rows whose rejected response has the higher score.
    private(set) var disagreements = LeadingRows(12) { row in
        row.rawMargin < 0 ? (row.isFlipped ? -row.margin : row.margin, row.rawMargin) : nil
    }

    /// The highest margins.
    private(set) var mostCertain = LeadingRows(6) { $0.rawMargin > 0 ? (-$0.margin, -$0.rawMargin) : nil }

    /// The margins that are nearest to 0.
    private(set) var leastCertain = LeadingRows(6) { (abs($0.margin), abs($0.rawMargin)) }
    private(set) var scale: MarginScale
    private(set) var all: MarginGroup
    private(set) var columns: [GroupedMargins] = []

    /// Beginnings and ends that are shown of texts: twenty-four rows of three texts make a page of some dozen KB.
    private static let textLength = RowTexts.Length(start: 260, end: 100)

    /// - Parameter groupColumns: by which margins are shown; if empty, every column that makes a few groups.
    /// - Throws: `FileError` where the file cannot be read, a row has no margin, or no row has one of the columns.
    init(file: AnnotatedFile, groupColumns: [String]) throws {
        let texts = RowTexts(file: file, length: Self.textLength)
        var survey = ColumnSurvey(named: groupColumns)
        scale = MarginScale(margins)
        all = MarginGroup(scale)
        try file.forEachRow { row in
            margins.add(row.margin)
            rawMargins.add(row.rawMargin)
            if row.isFlipped { flippedRows += 1 }
            survey.add(row.object)
            disagreements.offer(row, texts)
            mostCertain.offer(row, texts)
            leastCertain.offer(row, texts)
        }
        if let missing = survey.missing.first {
            throw FileError(path: file.path, problem: "no annotated row has the column \(missing.quoted)")
        }
        scale = MarginScale(margins)
        all = MarginGroup(scale)
        columns = survey.groupings.map { [scale] in GroupedMargins($0, scale) }
        try file.forEachRow { row in
            all.add(row)
            for index in columns.indices { columns[index].add(row) }
        }
    }
}
