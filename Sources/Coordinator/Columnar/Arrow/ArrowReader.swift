package import FileSystem

/// Reads an Arrow file or stream row by row:
/// https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc.
///
/// In memory are pieces of a record batch, and the dictionaries; of compressed data the record batch. Bytes of texts
/// come as they are in the file: whether they are UTF-8 the caller judges. What is not supported is an error that names
/// it and the column; an extension type is read as what it is stored as.
package final class ArrowReader: ColumnarRows {
    package let path: String
    package let schema: ColumnarSchema
    package let rowCount: Int
    package let groupRowCounts: [Int]
    package var fileSize: Int { source.fileSize }

    private let source: ArrowSource
    private let fields: [ArrowField]

    /// Fields whose values are in dictionaries, by the dictionary's number.
    private let dictionaryFields: [Int: ArrowField]
    private let blocks: [ArrowBlock]

    private var dictionaries: [Int: ArrowDictionary] = [:]
    private var nextBlock = 0
    private var columns: [ArrowColumn] = []
    private var rowsLeft = 0
    private var rowInBatch = 0
    private var rowIndex = 0
    private var failure: FileError?

    /// Reads the metadata of all messages.
    ///
    /// - Throws: `FileError` where the file cannot be read, is damaged, or has columns that are not supported.
    package init(path: String, limits: ColumnarLimits = ColumnarLimits()) throws(FileError) {
        source = try ArrowSource(path: path, limits: limits)
        self.path = path
        do throws(ColumnarProblem) {
            let messages = try ArrowMessages(source)
            fields = messages.fields
            blocks = messages.blocks
            schema = try ColumnarSchema(fields.map(\.field), metadata: messages.metadata)
            var found: [Int: ArrowField] = [:]
            for field in fields { try field.collectDictionaries(into: &found) }
            dictionaryFields = found
            groupRowCounts = blocks.compactMap(\.rowCount)
            rowCount = try Self.sum(groupRowCounts)
        } catch {
            throw error.of(file: path)
        }
    }

    private static func sum(_ counts: [Int]) throws(ColumnarProblem) -> Int {
        var sum = 0
        for count in counts {
            let (total, overflow) = sum.addingReportingOverflow(count)
            guard !overflow else { throw ColumnarProblem("the record batches have more rows than can be counted") }
            sum = total
        }
        return sum
    }

    package var fileOffset: Int {
        guard nextBlock > 0 else { return 0 }
        let body = blocks[nextBlock - 1].body
        guard rowsLeft > 0 else { return nextBlock == blocks.count ? fileSize : body.upperBound }
        return body.lowerBound + Int(Double(body.count) * Double(rowInBatch) / Double(rowInBatch + rowsLeft))
    }

    package func next() throws(FileError) -> [ColumnarValue]? {
        if let failure { throw failure }
        do throws(ColumnarProblem) {
            while rowsLeft == 0 {
                guard nextBlock < blocks.count else { return nil }
                nextBlock += 1
                try read(blocks[nextBlock - 1])
            }
            var budget = source.limits.rowBytesMax
            var row: [ColumnarValue] = []
            row.reserveCapacity(columns.count)
            for (column, field) in zip(columns, fields) {
                do throws(ColumnarProblem) {
                    row.append(try column.value(at: rowInBatch, &budget))
                } catch {
                    throw error.of(column: field.field.name)
                }
            }
            rowsLeft -= 1
            rowInBatch += 1
            rowIndex += 1
            return row
        } catch {
            let error = error.of(file: path, at: "row \(rowIndex + 1)")
            failure = error
            throw error
        }
    }

    package func start(atGroup group: Int) throws(FileError) {
        precondition((0...groupRowCounts.count).contains(group), "the file has no record batch \(group)")
        failure = nil
        dictionaries = [:]
        columns = []
        (rowsLeft, rowInBatch, nextBlock) = (0, 0, 0)
        rowIndex = groupRowCounts[..<group].reduce(0, +)
        var groupsLeft = group
        do throws(ColumnarProblem) {
            // Dictionaries that come before the batch count.
            while groupsLeft > 0 {
                let block = blocks[nextBlock]
                nextBlock += 1
                if block.rowCount == nil { try read(block) } else { groupsLeft -= 1 }
            }
        } catch {
            let error = error.of(file: path)
            failure = error
            throw error
        }
    }

    private func read(_ block: ArrowBlock) throws(ColumnarProblem) {
        columns = []
        let message = try FlatTable(root: try source.read(block.metadata.count, at: block.metadata.lowerBound))
        guard let header = try message.table(2) else { throw ColumnarProblem("a message without a header") }
        guard let rowCount = block.rowCount else { return try readDictionary(header, block) }
        var batch = try ArrowBatch(
            header, source, body: block.body, dictionaries: dictionaries, isDictionary: false)
        var columns: [ArrowColumn] = []
        for field in fields {
            let column = try batch.column(field)
            guard column.count == rowCount else {
                throw ColumnarProblem("expected \(rowCount) values, found \(column.count)")
                    .of(column: field.field.name)
            }
            columns.append(column)
        }
        self.columns = columns
        (rowsLeft, rowInBatch) = (rowCount, 0)
    }

    /// - Parameter header: the table `DictionaryBatch` (Message.fbs).
    private func readDictionary(_ header: FlatTable, _ block: ArrowBlock) throws(ColumnarProblem) {
        let id = try header.int64(0)
        guard let field = dictionaryFields[id], let data = try header.table(1) else {
            throw ColumnarProblem("a dictionary \(id) that is of no column, or without data")
        }
        var batch = try ArrowBatch(data, source, body: block.body, dictionaries: dictionaries, isDictionary: true)
        let column = try batch.column(field, areValues: true)
        let isMore = try header.bool(2)
        dictionaries[id] =
            isMore ? try dictionaries[id]?.appending(column) ?? ArrowDictionary(column) : ArrowDictionary(column)
    }
}

extension ArrowField {
    /// - Throws: where two have one number: then a dictionary could contain itself.
    fileprivate func collectDictionaries(into found: inout [Int: ArrowField]) throws(ColumnarProblem) {
        if let dictionary {
            guard found.updateValue(self, forKey: dictionary) == nil else {
                throw ColumnarProblem("expected a dictionary for each column, found one for two")
                    .of(column: field.name)
            }
        }
        for child in children { try child.collectDictionaries(into: &found) }
    }
}
