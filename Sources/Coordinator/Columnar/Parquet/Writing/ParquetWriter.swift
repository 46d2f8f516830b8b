package import FileSystem

/// Writes rows as a Parquet file: https://parquet.apache.org/docs/file-format/. What pyarrow would write of the same
/// columns: pages of the first version, dictionaries where they pay, and Arrow's own schema, so that all types come
/// back.
///
/// In memory is a row group, compressed, and a page of each column. Bytes go to where each call says, in the file's
/// order.
package final class ParquetWriter {
    package struct Options: Sendable {
        package var compression = Compression.snappy

        /// A row group ends where it has as many rows or, before compression, as many bytes.
        package var rowGroupRows = 1 << 20
        package var rowGroupBytes = 64 << 20

        /// `NAME version VERSION`, as the format asks.
        package var createdBy = "legend version 1.0.0"

        package init() {}
    }

    /// Takes the next bytes of the file.
    package typealias Output = (ArraySlice<UInt8>) throws(FileError) -> Void

    /// What may go wrong with a row, or with the file.
    enum Failure: Error {
        case problem(ColumnarProblem)
        case file(FileError)
    }

    package let schema: ColumnarSchema
    private let path: String
    private let options: Options
    private let columns: ParquetColumns
    private var metadata: ParquetMetadata
    private var groupOffsets: [Int] = []
    private var chunks: [ColumnChunkWriter] = []
    private var shredder: RowShredder
    private var groupRows = 0
    private var offset = 0
    private var failure: FileError?
    private var isFinished = false

    /// - Parameter path: of the file, for messages alone.
    /// - Throws: `FileError` where Parquet has no such columns.
    package init(path: String, schema: ColumnarSchema, options: Options = Options()) throws(FileError) {
        self.path = path
        self.schema = schema
        self.options = options
        metadata = ParquetMetadata()
        do throws(ColumnarProblem) {
            metadata.schema = try ParquetElement.elements(of: schema)
            columns = try ParquetColumns(metadata.schema, original: schema.fields, isForWriting: true)
        } catch {
            throw error.of(file: path)
        }
        metadata.keyValues =
            schema.metadata.filter { $0.key != ArrowSchemaMessage.key } + [
                ColumnarMetadata(key: ArrowSchemaMessage.key, value: ArrowSchemaMessage.value(of: schema))
            ]
        shredder = RowShredder(columns.nodes, [])
    }

    /// - Throws: `FileError` where the row does not fit the schema, or the file cannot be written; the same again at
    ///   each call then.
    package func append(_ row: [ColumnarValue], _ write: Output) throws(FileError) {
        precondition(!isFinished, "a row behind the end of \(path)")
        try guarded(at: "row \(metadata.rowCount + groupRows + 1)") { () throws(Failure) in
            if groupRows == 0 {
                chunks = columns.leaves.map { ColumnChunkWriter($0, options.compression) }
                shredder = RowShredder(columns.nodes, chunks)
            }
            do throws(ColumnarProblem) { try shredder.append(row) } catch { throw .problem(error) }
            groupRows += 1
            // Adding up the columns takes time.
            let isDue = groupRows & 15 == 0 || chunks.count < 64
            if groupRows >= options.rowGroupRows
                || isDue && chunks.reduce(0, { $0 + $1.uncompressedBytes }) >= options.rowGroupBytes
            {
                try finishGroup(write)
            }
        }
    }

    /// Writes all that is left, and the footer. Nothing can be written after that.
    ///
    /// - Throws: `FileError` as ``append(_:_:)`` does.
    package func finish(_ write: Output) throws(FileError) {
        precondition(!isFinished, "\(path) is finished already")
        try guarded(at: "the footer") { () throws(Failure) in
            if groupRows > 0 { try finishGroup(write) }
            if offset == 0 { try emit(ParquetFooter.magic, write) }
            var footer = metadata.serialized(
                columns.leaves, groupOffsets: groupOffsets, createdBy: options.createdBy)
            guard let byteCount = UInt32(exactly: footer.count) else {
                throw .problem(ColumnarProblem("a footer of \(footer.count) bytes, which no file has"))
            }
            footer.append(littleEndian: byteCount)
            try emit(footer + ParquetFooter.magic, write)
            isFinished = true
        }
    }

    private func guarded(at place: String, _ body: () throws(Failure) -> Void) throws(FileError) {
        if let failure { throw failure }
        do throws(Failure) {
            try body()
        } catch {
            let found =
                switch error {
                case .file(let error): error
                case .problem(let problem): problem.of(file: path, at: place)
                }
            failure = found
            throw found
        }
    }

    private func finishGroup(_ write: Output) throws(Failure) {
        if offset == 0 { try emit(ParquetFooter.magic, write) }
        var group = ParquetRowGroup(rowCount: groupRows)
        groupOffsets.append(offset)
        for chunk in chunks {
            let written = try chunk.finish(at: offset, write)
            group.columns.append(written)
            offset += written.compressedBytes
        }
        metadata.rowGroups.append(group)
        metadata.rowCount += groupRows
        chunks = []
        shredder = RowShredder(columns.nodes, [])
        groupRows = 0
    }

    private func emit(_ bytes: [UInt8], _ write: Output) throws(Failure) {
        try Self.write(bytes, write)
        offset += bytes.count
    }

    static func write(_ bytes: [UInt8], _ write: Output) throws(Failure) {
        do throws(FileError) { try write(bytes[...]) } catch { throw .file(error) }
    }
}
