/// Takes the values of a column in a row group, and makes pages of them: numbers of a dictionary as long as that pays,
/// plain values from then on. A page ends where a row ends.
final class ColumnChunkWriter {
    let leaf: ParquetLeaf
    private let storage: LeafStorage

    // The page that is being filled: levels, and the values in one of two forms.
    private var valueCount = 0
    private var definitions: [UInt8] = []
    private var repetitions: [UInt8] = []
    private var plain: [UInt8] = []
    private var bitCount = 0
    private var indices: [UInt32] = []

    /// What the values at `indices` would take plainly.
    private var indexedBytes = 0

    /// Filled as long as it pays; stays until the end of the row group where a page refers to it.
    private var dictionary: DictionaryBuilder?
    private var isFillingDictionary: Bool

    private var builder: PageBuilder
    private var pages: [[UInt8]] = []
    private var pageValueCount = 0
    private var nullCount = 0
    private var hasPlainPage = false

    private static let pageBytes = 1 << 20

    /// As many as pyarrow puts into a page.
    private static let pageValues = 20_000

    init(_ leaf: ParquetLeaf, _ compression: Compression) {
        self.leaf = leaf
        storage = LeafStorage(leaf)
        builder = PageBuilder(compression)
        isFillingDictionary = leaf.physical != .boolean
        dictionary = isFillingDictionary ? DictionaryBuilder() : nil
    }

    /// Of what is not in the file yet.
    var uncompressedBytes: Int {
        let page = plain.count + 4 * indices.count + definitions.count + repetitions.count
        return builder.uncompressedBytes + page + (dictionary?.plain.count ?? 0)
    }

    /// - Parameter definition: below the leaf's greatest.
    func appendNull(definition: UInt8, repetition: UInt8) {
        appendLevels(definition, repetition)
        nullCount += 1
    }

    private func appendLevels(_ definition: UInt8, _ repetition: UInt8) {
        if leaf.maxDefinition > 0 { definitions.append(definition) }
        if leaf.maxRepetition > 0 { repetitions.append(repetition) }
        valueCount += 1
    }

    func append(_ value: ColumnarValue, repetition: UInt8) throws(ColumnarProblem) {
        let stored: LeafStorage.Stored
        do throws(ColumnarProblem) {
            stored = try storage.stored(value)
        } catch {
            throw error.of(column: leaf.name)
        }
        appendLevels(leaf.maxDefinition, repetition)
        switch stored {
        case .bit(let bit):
            if bitCount & 7 == 0 { plain.append(0) }
            if bit { plain[plain.count - 1] |= 1 << UInt8(bitCount & 7) }
            bitCount += 1
        case .number(let number):
            if isFillingDictionary, let index = dictionary?.index(of: number, width: storage.width) {
                indices.append(index)
                indexedBytes += storage.width
            } else {
                plain.append(number: number, width: storage.width)
            }
        case .bytes(let bytes):
            if isFillingDictionary, let index = dictionary?.index(of: bytes, width: storage.width) {
                indices.append(index)
                indexedBytes += 4 + bytes.count
            } else {
                plain.append(text: bytes, width: storage.width)
            }
        }
    }

    func endRow() throws(ColumnarProblem) {
        let isFull = valueCount >= Self.pageValues || plain.count + 4 * indices.count >= Self.pageBytes
        let dictionaryIsFull = isFillingDictionary && dictionary?.isFull == true
        guard isFull || dictionaryIsFull else { return }
        if pages.isEmpty { leaveDictionaryWhereItDoesNotPay() }
        try finishPage()
        if dictionaryIsFull { isFillingDictionary = false }
    }

    /// Where it is more than half as large as the values themselves, and no page refers to it.
    private func leaveDictionaryWhereItDoesNotPay() {
        guard let dictionary, indexedBytes <= 2 * dictionary.plain.count else { return }
        for index in indices { plain += dictionary.plainValue(index) }
        indices = []
        self.dictionary = nil
        isFillingDictionary = false
    }

    private func finishPage() throws(ColumnarProblem) {
        guard valueCount > 0 else { return }
        var data: [UInt8] = []
        if leaf.maxRepetition > 0 { data.append(levels: repetitions, most: leaf.maxRepetition) }
        if leaf.maxDefinition > 0 { data.append(levels: definitions, most: leaf.maxDefinition) }
        if isFillingDictionary, let dictionary {
            // Some readers do not expect numbers of no bits.
            let width = max(1, Int.bitWidth - max(dictionary.count - 1, 0).leadingZeroBitCount)
            data.append(UInt8(width))
            RunLengthEncoder.append(indices, width: width, to: &data)
        } else {
            data += plain
            hasPlainPage = true
        }
        pages.append(
            try builder.dataPage(
                data, valueCount: valueCount, isFillingDictionary ? .runLengthDictionary : .plain))
        pageValueCount += valueCount
        (valueCount, bitCount, indexedBytes) = (0, 0, 0)
        definitions.removeAll(keepingCapacity: true)
        repetitions.removeAll(keepingCapacity: true)
        indices.removeAll(keepingCapacity: true)
        // One long row is no reason to keep as much memory.
        plain.removeAll(keepingCapacity: plain.count <= 2 * Self.pageBytes)
    }

    /// Makes the last page, and gives all of them.
    ///
    /// - Parameter offset: in the file, of the first byte that is written.
    func finish(
        at offset: Int, _ write: ParquetWriter.Output
    ) throws(ParquetWriter.Failure) -> ParquetChunk {
        var chunk = ParquetChunk()
        do throws(ColumnarProblem) {
            if pages.isEmpty { leaveDictionaryWhereItDoesNotPay() }
            try finishPage()
            chunk.dataOffset = offset
            if let dictionary {
                let page = try builder.dictionaryPage(dictionary.plain, valueCount: dictionary.count)
                chunk.dictionaryOffset = offset
                chunk.dataOffset = offset + page.count
                pages.insert(page, at: 0)
            }
        } catch {
            throw .problem(error.of(column: leaf.name))
        }
        for page in pages { try ParquetWriter.write(page, write) }
        chunk.physical = leaf.physical
        chunk.codec = builder.compression.parquetCodec
        chunk.valueCount = pageValueCount
        chunk.nullCount = nullCount
        chunk.compressedBytes = builder.compressedBytes
        chunk.uncompressedBytes = builder.uncompressedBytes
        chunk.encodings = [.runLength] + (hasPlainPage || dictionary != nil ? [.plain] : [])
        if dictionary != nil { chunk.encodings.append(.runLengthDictionary) }
        return chunk
    }
}
