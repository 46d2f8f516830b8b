internal import CZlib
internal import FileSystem

/// Goes through a column of a row group value by value. In memory are one page, the column's dictionary and a piece of
/// the levels.
final class ColumnCursor {
    private let footer: ParquetFooter
    private let leaf: ParquetLeaf
    private let conversion: LeafConversion
    private let compression: Compression

    /// The pages that were not read yet.
    private var pages: Range<Int>

    /// Values that are in no page yet, and in the page but in no piece of levels yet.
    private var valuesLeft: Int
    private var pageValuesLeft = 0

    private var dictionary: ParquetDictionary?
    private var values: (any PageValues)?
    private var definitionRuns: RunLengthDecoder?
    private var repetitionRuns: RunLengthDecoder?

    /// The piece of levels: those from `position` on are of values to come.
    private var definitions: [UInt8]
    private var repetitions: [UInt8]
    private var position = 0
    private var pieceCount = 0

    private static let pieceLength = 1024

    /// - Throws: where the column is stored in a way that is not supported, or beyond the file's data.
    init(_ footer: ParquetFooter, _ leaf: ParquetLeaf, _ chunk: ParquetChunk) throws(ColumnarProblem) {
        do throws(ColumnarProblem) {
            pages = try chunk.range(leaf, dataEnd: footer.dataEnd)
            compression = try Compression(parquet: chunk.codec)
        } catch {
            throw error.of(column: leaf.name)
        }
        self.footer = footer
        self.leaf = leaf
        conversion = LeafConversion(leaf)
        valuesLeft = chunk.valueCount
        definitions = Array(repeating: leaf.maxDefinition, count: Self.pieceLength)
        repetitions = Array(repeating: 0, count: Self.pieceLength)
    }

    /// Where the next page is in the file.
    var fileOffset: Int { pages.lowerBound }

    /// 0 where the next value begins a row, or there is none.
    @inline(__always)
    func nextRepetition() throws(ColumnarProblem) -> UInt8 {
        if position == pieceCount, try !fill() { return 0 }
        return repetitions[position]
    }

    /// - Throws: also where there is no next value.
    @inline(__always)
    func nextDefinition() throws(ColumnarProblem) -> UInt8 {
        if position == pieceCount, try !fill() { throw ended }
        return definitions[position]
    }

    /// The next value, or null.
    ///
    /// - Parameters:
    ///   - repetition: what its level must be.
    ///   - least: what its definition level must be at least.
    @inline(__always)
    func next(repetition: UInt8, least: UInt8) throws(ColumnarProblem) -> ColumnarValue {
        let definition = try nextDefinition()
        guard repetitions[position] == repetition, definition >= least else { throw contradiction }
        position += 1
        guard definition == leaf.maxDefinition else { return .null }
        do throws(ColumnarProblem) {
            guard let values else { throw .cutOff }
            return try values.next()
        } catch {
            throw error.of(column: leaf.name)
        }
    }

    /// Passes over what stands for a null or an empty list around this column.
    func skip(repetition: UInt8, definition: UInt8) throws(ColumnarProblem) {
        guard try nextDefinition() == definition, repetitions[position] == repetition else { throw contradiction }
        position += 1
    }

    /// - Throws: where there is a value left.
    func checkIsAtEnd() throws(ColumnarProblem) {
        guard position == pieceCount, pageValuesLeft == 0, valuesLeft == 0 else {
            throw ColumnarProblem("the row group has more values than rows").of(column: leaf.name)
        }
    }

    private var ended: ColumnarProblem {
        ColumnarProblem("the row group has fewer values than rows").of(column: leaf.name)
    }

    var contradiction: ColumnarProblem {
        ColumnarProblem("the levels say another nesting than the schema or than those of its neighbours")
            .of(column: leaf.name)
    }

    /// - Returns: false where there is no next value.
    private func fill() throws(ColumnarProblem) -> Bool {
        do throws(ColumnarProblem) {
            while pageValuesLeft == 0 {
                guard valuesLeft > 0 else { return false }
                guard !pages.isEmpty else { throw .cutOff }
                try readPage()
            }
            let count = min(pageValuesLeft, Self.pieceLength)
            if repetitionRuns != nil {
                try repetitionRuns?.fill(&repetitions, count: count, most: leaf.maxRepetition)
            }
            if definitionRuns != nil {
                try definitionRuns?.fill(&definitions, count: count, most: leaf.maxDefinition)
            }
            pageValuesLeft -= count
            (position, pieceCount) = (0, count)
            return true
        } catch {
            throw error.of(column: leaf.name)
        }
    }
}

// MARK: - Pages

extension ColumnCursor {
    private func readPage() throws(ColumnarProblem) {
        let header = try readHeader()
        guard header.compressedBytes <= pages.count, header.uncompressedBytes <= footer.limits.pageBytesMax else {
            throw ColumnarProblem(
                """
                a page of \(header.compressedBytes) bytes, decompressed \(header.uncompressedBytes), where \
                \(pages.count) are left and \(footer.limits.pageBytesMax) are the most that is supported
                """)
        }
        let start = pages.lowerBound
        pages = (start + header.compressedBytes)..<pages.upperBound
        if case .other = header.content { return }
        let bytes = try footer.file.bytes(header.compressedBytes, at: start)
        try header.check(bytes)
        switch header.content {
        case .other: break
        case .dictionary(let count, let encoding):
            guard dictionary == nil, values == nil else {
                throw ColumnarProblem("a dictionary behind the first page of values")
            }
            guard encoding == .plain || encoding == .plainDictionary else {
                throw ColumnarProblem("expected a dictionary of encoding PLAIN, found \(encoding)")
            }
            let data = try compression.decompress(bytes[...], byteCount: header.uncompressedBytes)
            dictionary = try ParquetDictionary(ByteReader(data), count: count, conversion)
        case .data(let page):
            guard page.valueCount <= valuesLeft else {
                throw ColumnarProblem("a page of \(page.valueCount) values where \(valuesLeft) are left")
            }
            let input = try startLevels(page, bytes, header)
            values = try values(page.encoding, input)
            valuesLeft -= page.valueCount
            pageValuesLeft = page.valueCount
        }
    }

    /// Passes over it.
    private func readHeader() throws(ColumnarProblem) -> ParquetPageHeader {
        // Statistics may hold whole texts.
        var byteCount = 4096
        while true {
            let bytes = try footer.file.bytes(min(byteCount, pages.count), at: pages.lowerBound)
            do throws(ColumnarProblem) {
                var input = ByteReader(bytes)
                let header = try ParquetPageHeader(&input)
                pages = (pages.lowerBound + input.position)..<pages.upperBound
                return header
            } catch {
                guard error == .cutOff, byteCount < min(pages.count, 16 << 20) else { throw error }
                byteCount *= 16
            }
        }
    }

    /// - Returns: the values, decompressed.
    private func startLevels(
        _ page: ParquetDataPage, _ bytes: [UInt8], _ header: ParquetPageHeader
    ) throws(ColumnarProblem) -> ByteReader {
        guard let levels = page.levels else {
            let data = try compression.decompress(bytes[...], byteCount: header.uncompressedBytes)
            var input = ByteReader(data)
            if leaf.maxRepetition > 0 {
                repetitionRuns = try levelRuns(&input, page.repetitionEncoding, most: leaf.maxRepetition)
            }
            if leaf.maxDefinition > 0 {
                definitionRuns = try levelRuns(&input, page.definitionEncoding, most: leaf.maxDefinition)
            }
            return input
        }
        var input = ByteReader(bytes)
        let repetitions = try input.take(levels.repetitionBytes)
        let definitions = try input.take(levels.definitionBytes)
        if leaf.maxRepetition > 0 {
            repetitionRuns = try RunLengthDecoder(
                ByteReader(bytes, repetitions), width: leaf.maxRepetition.bitWidthNeeded)
        }
        if leaf.maxDefinition > 0 {
            definitionRuns = try RunLengthDecoder(
                ByteReader(bytes, definitions), width: leaf.maxDefinition.bitWidthNeeded)
        }
        let byteCount = header.uncompressedBytes - input.position
        guard byteCount >= 0 else { throw ColumnarProblem("a page whose levels are longer than itself") }
        guard levels.valuesAreCompressed, input.remaining > 0 else { return input }
        return ByteReader(try compression.decompress(bytes[input.position...], byteCount: byteCount))
    }

    private func levelRuns(
        _ input: inout ByteReader, _ encoding: ParquetEncoding, most: UInt8
    ) throws(ColumnarProblem) -> RunLengthDecoder {
        guard encoding == .runLength else {
            throw ColumnarProblem("expected levels of encoding RLE, found \(encoding): write the file anew")
        }
        let count = Int(try input.uint32())
        return try RunLengthDecoder(
            ByteReader(input.bytes, try input.take(count)), width: most.bitWidthNeeded)
    }

    private func values(_ encoding: ParquetEncoding, _ input: ByteReader) throws(ColumnarProblem) -> any PageValues {
        switch encoding {
        case .plain: return PlainValues(input, conversion)
        case .plainDictionary, .runLengthDictionary:
            guard let dictionary else { throw ColumnarProblem("a page of numbers of a dictionary, but no dictionary") }
            return try DictionaryValues(input, dictionary)
        case .runLength: return try BooleanRunValues(input, conversion)
        case .deltaBinaryPacked: return try DeltaValues(input, conversion)
        case .deltaLengthByteArray: return try DeltaLengthValues(input, conversion)
        case .deltaByteArray: return try DeltaTextValues(input, conversion)
        case .byteStreamSplit: return try SplitValues(input, conversion)
        case .bitPacked: throw ColumnarProblem("expected values of another encoding than BIT_PACKED")
        }
    }
}

extension ParquetChunk {
    /// Where its pages are.
    fileprivate func range(_ leaf: ParquetLeaf, dataEnd: Int) throws(ColumnarProblem) -> Range<Int> {
        guard !isElsewhere else { throw ColumnarProblem("expected the column in the file itself, found it in another") }
        guard physical == leaf.physical else {
            throw ColumnarProblem("expected values stored as \(leaf.physical), found \(physical)")
        }
        guard valueCount > 0 else { return 0..<0 }
        guard offset >= 4, offset <= dataEnd, compressedBytes <= dataEnd - offset else {
            throw ColumnarProblem("\(compressedBytes) bytes at \(offset) in a file with \(dataEnd) bytes of data")
        }
        return offset..<(offset + compressedBytes)
    }
}

extension ParquetPageHeader {
    fileprivate func check(_ bytes: [UInt8]) throws(ColumnarProblem) {
        guard let checksum else { return }
        let found = bytes.withUnsafeBytes { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
        guard found == checksum else {
            throw ColumnarProblem("a page is damaged: expected the checksum \(checksum), found \(found)")
        }
    }
}

extension UInt8 {
    /// Bits that a number of at most this takes.
    var bitWidthNeeded: Int { Self.bitWidth - leadingZeroBitCount }
}
