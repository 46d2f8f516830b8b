/// The rows of one file, as JSON objects or CSV fields, with the problems of those that are neither.
struct RowSource: ~Copyable {
    struct Row {
        /// 1-based line on which the row begins.
        var line: Int
        var original: OriginalRow
        /// Set exactly if `original` is unreadable.
        var problem: RowProblem?
    }

    private let container: DatasetContainer
    private var lines: LineReader
    /// Of a CSV file that is not empty.
    private let header: [String]?

    /// - Throws: ``DatasetError`` if the file cannot be read or has no usable CSV header.
    init(path: String, container: DatasetContainer, maxRowBytes: Int) throws(DatasetError) {
        var lines = try LineReader(path: path, byteLimit: maxRowBytes)
        header = container == .csv ? try Self.readHeader(from: &lines, path: path) : nil
        self.lines = lines
        self.container = container
    }

    var fileOffset: Int { lines.fileOffset }
    var fileSize: Int { lines.fileSize }

    /// The next row, or nil at the end of the file. Blank lines are no rows.
    mutating func next() throws(DatasetError) -> Row? {
        switch container {
        case .jsonLines: try nextObject()
        case .csv: try nextFields()
        }
    }

    private mutating func nextObject() throws(DatasetError) -> Row? {
        while let line = try lines.next() {
            if !line.isOverLong, line.bytes.allSatisfy({ $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }) { continue }
            do throws(RowProblem) {
                if line.isOverLong { throw .overLong(limit: lines.byteLimit) }
                return Row(line: line.number, original: .object(try JSONObject(line: line.bytes)), problem: nil)
            } catch {
                return Row(line: line.number, original: .unreadable(line.bytes), problem: error)
            }
        }
        return nil
    }

    private mutating func nextFields() throws(DatasetError) -> Row? {
        guard let (line, row, isOverLong) = try Self.nextCSVRow(from: &lines) else { return nil }
        let columns = header ?? []
        do throws(RowProblem) {
            if isOverLong { throw .overLong(limit: lines.byteLimit) }
            let values = try row.values(columns: columns.count)
            return Row(line: line, original: .fields(columns: columns, values: values), problem: nil)
        } catch {
            var bytes = row.bytes
            if isOverLong { bytes.keepExcerpt(of: LineReader.excerptBytes) }
            return Row(line: line, original: .unreadable(bytes), problem: error)
        }
    }

    /// Collects the lines of one row. A row that passes the byte limit ends with the line on which it does, so that a
    /// quote that nobody closed costs no more than the limit.
    private static func nextCSVRow(
        from lines: inout LineReader
    ) throws(DatasetError) -> (line: Int, row: CSVRow, isOverLong: Bool)? {
        var row = CSVRow()
        while let first = try lines.next() {
            if first.bytes.isEmpty { continue }
            row.append(first.bytes)
            var isOverLong = first.isOverLong
            var terminator = first.terminator
            while row.continuesOnNextLine, !isOverLong, let more = try lines.next() {
                row.append(terminator + more.bytes)
                terminator = more.terminator
                isOverLong = more.isOverLong || row.bytes.count > lines.byteLimit
            }
            return (first.number, row, isOverLong)
        }
        return nil
    }

    private static func readHeader(from lines: inout LineReader, path: String) throws(DatasetError) -> [String]? {
        guard let (line, row, isOverLong) = try nextCSVRow(from: &lines) else { return nil }
        let names: [String]
        do throws(RowProblem) {
            if isOverLong { throw .overLong(limit: lines.byteLimit) }
            names = try row.values(columns: nil)
        } catch {
            throw DatasetError(path: path, problem: "line \(line), the header: \(error)")
        }
        if let repeated = ExactName.firstRepetition(in: names) {
            throw DatasetError(
                path: path, problem: "line \(line), the header: \(names[repeated].quoted) occurs a second time")
        }
        return names
    }
}
