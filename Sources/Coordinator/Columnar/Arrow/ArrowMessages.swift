/// A record batch or a dictionary in a file, which was only looked at.
struct ArrowBlock {
    /// Of the metadata, behind what says their size.
    let metadata: Range<Int>
    let body: Range<Int>

    /// nil of a dictionary.
    let rowCount: Int?
}

/// Finds the messages of a stream or file: https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format.
struct ArrowMessages {
    private(set) var fields: [ArrowField] = []
    private(set) var metadata: [ColumnarMetadata] = []

    /// In the order in which they are to be read.
    private(set) var blocks: [ArrowBlock] = []

    init(_ source: ArrowSource) throws(ColumnarProblem) {
        let isFile = try source.read(min(8, source.fileSize), at: 0).starts(with: ArrowLayout.magic)
        if isFile { try readFooter(source) } else { try readStream(source) }
    }

    // MARK: Streams

    private mutating func readStream(_ source: ArrowSource) throws(ColumnarProblem) {
        var position = 0
        guard let first = try Self.message(source, at: position) else {
            throw ColumnarProblem("expected a schema, found an empty stream")
        }
        guard try first.table.int8(1) == ArrowLayout.Message.schema, let schema = try first.table.table(2) else {
            throw ColumnarProblem("expected a schema at the beginning of the stream, found another message")
        }
        try readSchema(schema)
        position = first.body.upperBound
        while let message = try Self.message(source, at: position) {
            blocks.append(try Self.block(message))
            position = message.body.upperBound
        }
    }

    private mutating func readSchema(_ schema: FlatTable) throws(ColumnarProblem) {
        var reader = ArrowFieldReader(ofMessage: schema.bytes.count)
        fields = try reader.fields(schema)
        metadata = try reader.metadata(schema, 2)
    }

    private typealias Message = (table: FlatTable, metadata: Range<Int>, body: Range<Int>)

    /// - Returns: nil at the end of the stream.
    private static func message(_ source: ArrowSource, at position: Int) throws(ColumnarProblem) -> Message? {
        guard position < source.fileSize else { return nil }
        var start = position + 4
        var byteCount = try source.read(4, at: position).littleEndian(at: 0, byteCount: 4)
        if byteCount == UInt64(UInt32.max) {
            byteCount = try source.read(4, at: start).littleEndian(at: 0, byteCount: 4)
            start += 4
        }
        guard byteCount > 0 else { return nil }
        guard byteCount <= source.limits.metadataBytesMax, Int(byteCount) <= source.fileSize - start else {
            throw ColumnarProblem(
                """
                a message with \(byteCount) bytes of metadata at byte \(position) of a file of \(source.fileSize): was \
                it cut off?
                """)
        }
        let metadata = start..<(start + Int(byteCount))
        return try message(source, metadata)
    }

    private static func message(_ source: ArrowSource, _ metadata: Range<Int>) throws(ColumnarProblem) -> Message {
        let table = try FlatTable(root: try source.read(metadata.count, at: metadata.lowerBound))
        let version = try table.int16(0)
        guard ArrowLayout.versions.contains(version) else {
            throw ColumnarProblem("expected metadata of version 4 or 5, found \(version + 1)")
        }
        let byteCount = try table.int64(3)
        let start = metadata.upperBound
        guard byteCount >= 0, byteCount <= source.fileSize - start else {
            throw ColumnarProblem(
                """
                a message with \(byteCount) bytes of data at byte \(start) of a file of \(source.fileSize): was it cut \
                off?
                """)
        }
        return (table, metadata, start..<(start + byteCount))
    }

    private static func block(_ message: Message) throws(ColumnarProblem) -> ArrowBlock {
        let kind = try message.table.int8(1)
        guard let header = try message.table.table(2) else { throw ColumnarProblem("a message without a header") }
        switch kind {
        case ArrowLayout.Message.dictionary:
            return ArrowBlock(metadata: message.metadata, body: message.body, rowCount: nil)
        case ArrowLayout.Message.batch:
            let rowCount = try header.int64(0)
            guard rowCount >= 0 else { throw ColumnarProblem("a record batch of \(rowCount) rows") }
            return ArrowBlock(metadata: message.metadata, body: message.body, rowCount: rowCount)
        default: throw ColumnarProblem("expected a record batch or a dictionary, found a message of kind \(kind)")
        }
    }

    // MARK: Files

    private mutating func readFooter(_ source: ArrowSource) throws(ColumnarProblem) {
        let size = source.fileSize
        let tailBytes = 4 + ArrowLayout.magic.count
        guard size >= 8 + tailBytes else { throw .cutOff }
        let tail = try source.read(tailBytes, at: size - tailBytes)
        guard tail.suffix(ArrowLayout.magic.count).elementsEqual(ArrowLayout.magic) else {
            throw ColumnarProblem("expected an Arrow file, which begins and ends with ARROW1: was it cut off?")
        }
        let byteCount = Int(tail.littleEndian(at: 0, byteCount: 4))
        guard byteCount <= size - 8 - tailBytes, byteCount <= source.limits.metadataBytesMax else {
            throw ColumnarProblem("a footer of \(byteCount) bytes in a file of \(size)")
        }
        let footer = try FlatTable(root: try source.read(byteCount, at: size - tailBytes - byteCount))
        guard let schema = try footer.table(1) else { throw ColumnarProblem("the footer has no schema") }
        try readSchema(schema)
        try readBlocks(source, try footer.integers(2, perElement: 3), areDictionaries: true)
        try readBlocks(source, try footer.integers(3, perElement: 3), areDictionaries: false)
    }

    /// - Parameter numbers: of each block the offset, the metadata's size (of which 32 bits count), the data's size.
    private mutating func readBlocks(
        _ source: ArrowSource, _ numbers: [Int], areDictionaries: Bool
    ) throws(ColumnarProblem) {
        for index in stride(from: 0, to: numbers.count, by: 3) {
            let offset = numbers[index]
            guard offset >= 8, offset < source.fileSize, let message = try Self.message(source, at: offset) else {
                throw ColumnarProblem("the footer has a message at \(offset), where none is")
            }
            let block = try Self.block(message)
            guard (block.rowCount == nil) == areDictionaries else {
                throw ColumnarProblem("the footer takes a dictionary for a record batch, or one for the other")
            }
            blocks.append(block)
        }
    }
}
