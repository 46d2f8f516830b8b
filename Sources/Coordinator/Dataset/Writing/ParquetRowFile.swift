internal import Columnar
internal import Diagnostics
internal import FileSystem
internal import JSON

/// Rows as a Parquet file: the input's columns with their types, every value as it was, and the added ones behind them. All
/// rows have the columns of the first; where a later one lacks an added one, it is null.
final class ParquetRowFile: RowFile {
    private var file: AtomicFile
    private let columns: TableColumns
    private var table: Table?

    private struct Table {
        let writer: ParquetWriter
        let added: [String]
        /// Places of the input's columns that are kept.
        let kept: [Int]
    }

    init(path: String, columns: TableColumns, keepPartial: Bool) throws(FileError) {
        file = try AtomicFile(path: path, keepPartial: keepPartial)
        self.columns = columns
    }

    var path: String { file.path }

    func write(_ row: OutputRow) throws(FileError) {
        guard case .columns(let original) = row.original, original.schema.fields == columns.schema.fields else {
            throw withoutColumns
        }
        let table = try table(adding: row.added)
        var values = table.kept.map { original.values[$0] }
        var taken = 0
        for name in table.added {
            // They come in the same order, whichever there are.
            if taken < row.added.count, row.added[taken].name.utf8.elementsEqual(name.utf8) {
                values.append(row.added[taken].value.columnar)
                taken += 1
            } else {
                values.append(.null)
            }
        }
        guard taken == row.added.count else {
            throw FileError(
                path: path,
                problem: "expected the added columns \(table.added.listed), found \(row.added.map(\.name).listed)")
        }
        try table.writer.append(values) { bytes throws(FileError) in try file.write(bytes) }
    }

    func write(_ row: [UInt8]) throws(FileError) { throw withoutColumns }

    private var withoutColumns: FileError {
        FileError(path: path, problem: "expected a row with the columns of the input, found one that has others")
    }

    func seal() throws(FileError) {
        let table = try table(adding: usual)
        try table.writer.finish { bytes throws(FileError) in try file.write(bytes) }
        try file.seal()
    }

    func publish() throws(FileError) { try file.publish() }

    /// Columns of the input that nothing was to replace stay where there are no rows with others.
    private var usual: [AddedColumn] {
        let kept = Set(columns.schema.fields.compactMap { columns.name($0.name) }.map(ExactName.init))
        return columns.usual.filter { !kept.contains(ExactName($0.name)) }
    }

    /// The table, which begins with its first row.
    private func table(adding added: [AddedColumn]) throws(FileError) -> Table {
        if let table { return table }
        let schema: ColumnarSchema
        let kept: [Int]
        do throws(ColumnarProblem) {
            kept = columns.schema.fields.indices.filter { columns.name(columns.schema.fields[$0].name) != nil }
            schema = try columns.schema.renaming(columns.name).appending(
                added.map { ColumnarField($0.name, $0.value.type) })
        } catch {
            throw FileError(path: path, problem: "\(error)")
        }
        let table = Table(
            writer: try ParquetWriter(path: path, schema: schema), added: added.map(\.name), kept: kept)
        self.table = table
        return table
    }
}
