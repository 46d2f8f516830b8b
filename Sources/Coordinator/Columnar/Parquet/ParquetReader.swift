package import FileSystem

/// Reads a Parquet file row by row: https://parquet.apache.org/docs/file-format/.
///
/// In memory are, for each column, one page and its dictionary, and the footer. Bytes of texts come as they are in the
/// file: whether they are UTF-8 the caller judges. What is not supported is an error that names it and the column.
package final class ParquetReader: ColumnarRows {
    package let path: String
    package let schema: ColumnarSchema
    package let rowCount: Int
    package let groupRowCounts: [Int]
    package var fileSize: Int { footer.fileSize }

    private let footer: ParquetFooter
    private let columns: ParquetColumns
    private var assembler: RowAssembler?
    private var nextGroup = 0
    private var rowsLeft = 0
    private var rowIndex = 0
    private var failure: FileError?

    /// Reads the footer.
    ///
    /// - Throws: `FileError` where the file cannot be read, is damaged, or has columns that are not supported.
    package init(path: String, limits: ColumnarLimits = ColumnarLimits()) throws(FileError) {
        footer = try ParquetFooter(path: path, limits: limits)
        self.path = path
        let metadata = footer.metadata
        groupRowCounts = metadata.rowGroups.map(\.rowCount)
        rowCount = metadata.rowCount
        do throws(ColumnarProblem) {
            let original = try ArrowSchemaMessage.fields(in: metadata.keyValues)
            columns = try ParquetColumns(metadata.schema, original: original)
            schema = try ColumnarSchema(
                columns.nodes.map(\.field), metadata: metadata.keyValues.filter { $0.key != ArrowSchemaMessage.key })
            try Self.check(metadata, columns)
        } catch {
            throw error.of(file: path)
        }
    }

    private static func check(_ metadata: ParquetMetadata, _ columns: ParquetColumns) throws(ColumnarProblem) {
        var sum = 0
        for (number, group) in metadata.rowGroups.enumerated() {
            guard group.columns.count == columns.leaves.count else {
                throw ColumnarProblem(
                    "row group \(number): expected \(columns.leaves.count) columns, found \(group.columns.count)")
            }
            let (total, overflow) = sum.addingReportingOverflow(group.rowCount)
            guard !overflow else { throw ColumnarProblem("the row groups have more rows than can be counted") }
            sum = total
            for (leaf, chunk) in zip(columns.leaves, group.columns) {
                do throws(ColumnarProblem) {
                    _ = try Compression(parquet: chunk.codec)
                } catch {
                    throw error.of(column: leaf.name)
                }
            }
        }
        guard sum == metadata.rowCount else {
            throw ColumnarProblem("expected \(metadata.rowCount) rows, found row groups of \(sum)")
        }
    }

    package var fileOffset: Int {
        assembler?.fileOffset ?? (nextGroup == groupRowCounts.count ? fileSize : 0)
    }

    package func next() throws(FileError) -> [ColumnarValue]? {
        if let failure { throw failure }
        do throws(ColumnarProblem) {
            while rowsLeft == 0 {
                try assembler?.checkIsAtEnd()
                assembler = nil
                guard nextGroup < groupRowCounts.count else { return nil }
                assembler = try RowAssembler(footer, columns, footer.metadata.rowGroups[nextGroup])
                rowsLeft = groupRowCounts[nextGroup]
                nextGroup += 1
            }
            let row = try assembler?.next()
            rowsLeft -= 1
            rowIndex += 1
            return row
        } catch {
            let error = error.of(file: path, at: "row \(rowIndex + 1)")
            failure = error
            throw error
        }
    }

    package func start(atGroup group: Int) throws(FileError) {
        precondition((0...groupRowCounts.count).contains(group), "the file has no row group \(group)")
        assembler = nil
        failure = nil
        nextGroup = group
        rowsLeft = 0
        rowIndex = groupRowCounts[..<group].reduce(0, +)
    }
}
