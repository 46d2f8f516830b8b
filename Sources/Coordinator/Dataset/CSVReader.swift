internal import Diagnostics
internal import FileSystem
internal import JSON

/// The rows of a CSV file (RFC 4180, also with semicolons or tabs), the first of which names the columns.
///
/// A quote that nobody closed would make the rest of the file one field. It costs one row where the rows behind it can be
/// told: see ``ownLineCount(_:endsFile:)``.
final class CSVReader: ContainerReader {
    private let path: String
    private let delimiter: UInt8
    private var lines: LineReader
    /// Lines that a row gave back, the next one last.
    private var returned: [LineReader.Line] = []
    /// Names of the columns; empty for a file without a row.
    private var columns: [String] = []

    /// - Throws: ``FileError`` if the file cannot be read, or its first row names no columns.
    init(_ source: consuming TextSource, path: String, byteLimit: Int) throws(FileError) {
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

    func next() throws(FileError) -> RowSource.Row? {
        guard let taken = try takeRow() else { return nil }
        do throws(RowProblem) {
            if taken.isOverLong { throw .overLong(limit: lines.byteLimit) }
            let values = try taken.row.values(columns: columns.count)
            if values == columns { throw .invalidCSV(CSVSyntaxError(problem: "the header once more")) }
            return RowSource.Row(line: taken.lines[0].number, .fields(columns: columns, values: values))
        } catch {
            return try badRow(taken, error)
        }
    }

    /// Gives back the lines that are rows of their own, and says so.
    private func badRow(_ taken: TakenRow, _ problem: RowProblem) throws(FileError) -> RowSource.Row {
        var own = taken.lines.count
        // Where the quotes are sound, all of the lines are the row's, whatever else is wrong with it.
        if own > 1, taken.row.fieldCount == nil {
            let following = try nextLine()
            if let following { returned.append(following) }
            own = ownLineCount(taken.lines, endsFile: following == nil)
        }
        returned += taken.lines[own...].reversed()
        var bytes = taken.lines[..<(own - 1)].flatMap { $0.bytes + $0.terminator } + taken.lines[own - 1].bytes
        var problem = problem
        if own < taken.lines.count, case .overLong = problem { problem = .invalidCSV(taken.row.openQuoteError) }
        switch problem {
        case .invalidCSV(let error):
            problem = .invalidCSV(CSVSyntaxError(problem: error.problem + Self.advice(taken.lines, own: own, bytes)))
        case .overLong: bytes.keepExcerpt(of: LineReader.excerptBytes)
        default: break
        }
        return RowSource.Row(line: taken.lines[0].number, unreadable: bytes, problem)
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
        /// Whether it has more bytes than a row may have.
        var isOverLong: Bool
    }

    /// Collects the lines of one row. While a quote is open it goes on behind the byte limit, up to the double: so an
    /// over-long row is told from a quote that nobody closed. A line that was cut ends it.
    private func takeRow() throws(FileError) -> TakenRow? {
        while let first = try nextLine() {
            if first.bytes.isEmpty { continue }
            var taken = TakenRow(row: CSVRow(delimiter: delimiter), lines: [first], isOverLong: first.isOverLong)
            taken.row.append(first.bytes)
            var isCut = first.isOverLong
            while taken.row.continuesOnNextLine, !isCut, taken.row.bytes.count <= 2 * lines.byteLimit {
                guard let more = try nextLine() else { break }
                taken.row.append((taken.lines.last?.terminator ?? []) + more.bytes)
                taken.lines.append(more)
                isCut = more.isOverLong
                if isCut || taken.row.bytes.count > lines.byteLimit { taken.isOverLong = true }
            }
            return taken
        }
        return nil
    }

    private func nextLine() throws(FileError) -> LineReader.Line? {
        if let line = returned.popLast() { return line }
        return try lines.next()
    }

    /// So many rows in a row are no accident: lines of a text rarely have as many fields as the header.
    private static let rowsToTrust = 3

    /// How many lines of a row whose quotes are not sound are its own: those before the first line from which, read
    /// without it, ``rowsToTrust`` rows are whole, or all up to the end of the lines. The last may go on behind them.
    ///
    /// - Parameter endsFile: whether nothing is behind the lines, so that no row may go on.
    private func ownLineCount(_ lines: [LineReader.Line], endsFile: Bool) -> Int {
        // Where a quote is open, any line may be tried in vain up to the end: together no more than a few readings.
        var budget = 8 * lines.reduce(0) { $0 + $1.bytes.count + 1 }
        for start in lines.indices.dropFirst() where !lines[start].bytes.isEmpty && budget > 0 {
            if areRows(lines[start...], endsFile: endsFile, &budget) { return start }
        }
        return lines.count
    }

    private func areRows(_ lines: ArraySlice<LineReader.Line>, endsFile: Bool, _ budget: inout Int) -> Bool {
        var row = CSVRow(delimiter: delimiter)
        var wholeRows = 0
        for line in lines where !row.bytes.isEmpty || !line.bytes.isEmpty {
            budget -= line.bytes.count + 1
            guard budget > 0, !line.isOverLong else { return false }
            row.append(line.bytes)
            if row.continuesOnNextLine { continue }
            guard row.fieldCount == columns.count else { return false }
            wholeRows += 1
            if wholeRows == Self.rowsToTrust { return true }
            row = CSVRow(delimiter: delimiter)
        }
        return !row.continuesOnNextLine || !endsFile
    }
}

// MARK: - The header

extension CSVReader {
    private func readHeader() throws(FileError) -> [String] {
        guard let taken = try takeRow() else { return [] }
        let line = taken.lines[0].number
        let names: [String]
        do throws(RowProblem) {
            if taken.isOverLong { throw .overLong(limit: lines.byteLimit) }
            names = try taken.row.values(columns: nil)
        } catch {
            throw FileError(path: path, problem: "line \(line), the header: \(error)")
        }
        if let repeated = ExactName.firstRepetition(in: names) {
            throw FileError(
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

extension [UInt8] {
    func contains(sequence: [UInt8]) -> Bool {
        indices.contains { self[$0...].starts(with: sequence) }
    }
}
