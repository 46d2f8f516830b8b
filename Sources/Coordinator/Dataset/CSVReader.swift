/// The rows of a CSV file (RFC 4180, also with semicolons or tabs), the first of which names the columns.
///
/// A quote that nobody closed would make the rest of the file one field. It costs one row where the rows behind it can be
/// told: see ``ownLineCount(_:endsFile:)``.
final class CSVReader: RowReader {
    private let path: String
    private let delimiter: UInt8
    private var lines: LineReader
    /// Lines that a row gave back, the next one last.
    private var returned: [LineReader.Line] = []
    /// Names of the columns; empty for a file without a row.
    private var columns: [String] = []

    /// - Throws: ``DatasetError`` if the file cannot be read, or its first row names no columns.
    init(_ source: consuming TextSource, path: String, byteLimit: Int) throws(DatasetError) {
        var lines = LineReader(source, byteLimit: byteLimit)
        var first = try lines.next()
        while let blank = first, blank.bytes.isEmpty { first = try lines.next() }
        let declared = first.flatMap(Self.declaredDelimiter)
        if let first, declared == nil { returned = [first] }
        delimiter = declared ?? first.map { Self.likelyDelimiter(of: $0.bytes) } ?? UInt8(ascii: ",")
        self.lines = lines
        self.path = path
        columns = try readHeader()
    }

    var fileOffset: Int { lines.fileOffset }
    var fileSize: Int { lines.fileSize }

    func next() throws(DatasetError) -> RowSource.Row? {
        guard let taken = try takeRow() else { return nil }
        do throws(RowProblem) {
            if let problem = taken.problem { throw problem }
            let values = try taken.row.values(columns: columns.count)
            return RowSource.Row(
                line: taken.lines[0].number, original: .fields(columns: columns, values: values), problem: nil)
        } catch {
            return try badRow(taken, error)
        }
    }

    /// Gives back the lines that are rows of their own, and says so.
    private func badRow(_ taken: TakenRow, _ problem: RowProblem) throws(DatasetError) -> RowSource.Row {
        var own = taken.lines.count
        if own > 1, problem.isOfQuotes {
            let following = try nextLine()
            if let following { returned.append(following) }
            own = ownLineCount(taken.lines, endsFile: following == nil)
        }
        returned += taken.lines[own...].reversed()
        var row = CSVRow(delimiter: delimiter)
        for line in taken.lines[..<(own - 1)] { row.append(line.bytes + line.terminator) }
        row.append(taken.lines[own - 1].bytes)
        var bytes = row.bytes
        var problem = problem
        if own < taken.lines.count, case .overLong = problem { problem = .invalidCSV(taken.row.openQuote) }
        switch problem {
        case .invalidCSV(let error):
            problem = .invalidCSV(CSVSyntaxError(problem: error.problem + Self.advice(taken.lines, own: own, bytes)))
        case .overLong: bytes.keepExcerpt(of: LineReader.excerptBytes)
        default: break
        }
        return RowSource.Row(line: taken.lines[0].number, original: .unreadable(bytes), problem: problem)
    }

    private static func advice(_ lines: [LineReader.Line], own: Int, _ bytes: [UInt8]) -> String {
        var advice = ""
        let (first, last) = (lines[0].number, lines[lines.count - 1].number)
        if own < lines.count {
            let swallowed = first + 1 == last ? "line \(last)" : "lines \(first + 1) to \(last)"
            advice = "; it swallowed \(swallowed); from line \(lines[own].number) on they are read as rows of their own"
        } else if lines.count > 1 {
            advice = "; the row goes to line \(last)"
        }
        if bytes.contains(sequence: Array(#"\""#.utf8)) { advice += #"; inside a field a quote is written "", not \""# }
        return advice
    }

    private struct TakenRow {
        var row: CSVRow
        /// Not empty.
        var lines: [LineReader.Line]
        var problem: RowProblem?
    }

    /// Collects the lines of one row. A row that passes the byte limit ends with the line on which it does.
    private func takeRow() throws(DatasetError) -> TakenRow? {
        while let first = try nextLine() {
            if first.bytes.isEmpty { continue }
            var taken = TakenRow(row: CSVRow(delimiter: delimiter), lines: [first])
            taken.row.append(first.bytes)
            if first.isOverLong { taken.problem = .overLong(limit: lines.byteLimit) }
            while taken.row.continuesOnNextLine, taken.problem == nil {
                guard let more = try nextLine() else { break }
                taken.row.append((taken.lines.last?.terminator ?? []) + more.bytes)
                taken.lines.append(more)
                if more.isOverLong || taken.row.bytes.count > lines.byteLimit {
                    // Most likely a quote that is not closed: then the lines are rows.
                    taken.problem = .overLong(limit: lines.byteLimit)
                }
            }
            return taken
        }
        return nil
    }

    private func nextLine() throws(DatasetError) -> LineReader.Line? {
        if let line = returned.popLast() { return line }
        return try lines.next()
    }

    /// How many of a bad row's lines are its own: all but the longest run at their end that, read without it, is rows of
    /// the right number of fields, the last of which may go on behind them. At least the first.
    ///
    /// - Parameter endsFile: whether nothing is behind the lines, so that the last row may not go on.
    private func ownLineCount(_ lines: [LineReader.Line], endsFile: Bool) -> Int {
        // Where a quote is open, any line may be tried in vain up to the end: together no more than a few readings.
        var budget = 8 * lines.reduce(0) { $0 + $1.bytes.count + 1 }
        for start in lines.indices.dropFirst() where !lines[start].bytes.isEmpty {
            var row = CSVRow(delimiter: delimiter)
            var isWhole = true
            for line in lines[start...] {
                budget -= line.bytes.count + 1
                guard budget > 0 else { return lines.count }
                if line.isOverLong { isWhole = false }
                if row.bytes.isEmpty, line.bytes.isEmpty { continue }
                row.append(line.bytes)
                if !row.continuesOnNextLine {
                    if row.fieldCount != columns.count { isWhole = false }
                    row = CSVRow(delimiter: delimiter)
                }
                if !isWhole { break }
            }
            if row.continuesOnNextLine, endsFile { isWhole = false }
            if isWhole { return start }
        }
        return lines.count
    }
}

// MARK: - The header

extension CSVReader {
    private func readHeader() throws(DatasetError) -> [String] {
        guard let taken = try takeRow() else { return [] }
        let line = taken.lines[0].number
        let names: [String]
        do throws(RowProblem) {
            if let problem = taken.problem { throw problem }
            names = try taken.row.values(columns: nil)
        } catch {
            throw DatasetError(path: path, problem: "line \(line), the header: \(error)")
        }
        if let repeated = ExactName.firstRepetition(in: names) {
            throw DatasetError(
                path: path, problem: "line \(line), the header: \(names[repeated].quoted) occurs a second time")
        }
        return names
    }

    /// Of a line `sep=;`, as spreadsheets write and read it before the header.
    private static func declaredDelimiter(in line: LineReader.Line) -> UInt8? {
        let bytes = line.bytes.filter { $0 != UInt8(ascii: "\"") }
        guard bytes.count == 5, String(decoding: bytes.prefix(4), as: UTF8.self).lowercased() == "sep=" else {
            return nil
        }
        return bytes[4]
    }

    /// The one that cuts the header into the most fields; a comma where that decides nothing.
    private static func likelyDelimiter(of header: [UInt8]) -> UInt8 {
        var best = (delimiter: UInt8(ascii: ","), fields: 0)
        for delimiter in [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t")] {
            var row = CSVRow(delimiter: delimiter)
            row.append(header)
            let fields = row.fieldCount ?? 0
            if fields > best.fields { best = (delimiter, fields) }
        }
        return best.delimiter
    }
}

extension RowProblem {
    /// Whether a quote in a wrong place may be what is wrong.
    fileprivate var isOfQuotes: Bool {
        switch self {
        case .invalidCSV, .overLong: true
        default: false
        }
    }
}

extension [UInt8] {
    func contains(sequence: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: sequence) }
    }
}
