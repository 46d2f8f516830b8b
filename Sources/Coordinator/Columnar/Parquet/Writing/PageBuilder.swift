internal import CZlib

/// Makes pages of what is in them: header, checksum and compressed data.
struct PageBuilder {
    let compression: Compression

    /// Of all pages, headers counted.
    private(set) var compressedBytes = 0
    private(set) var uncompressedBytes = 0

    init(_ compression: Compression) {
        self.compression = compression
    }

    /// A page of levels and values, of the format's first version.
    mutating func dataPage(
        _ data: [UInt8], valueCount: Int, _ encoding: ParquetEncoding
    ) throws(ColumnarProblem) -> [UInt8] {
        try page(data, kind: 0, valueCount: valueCount) { header, count in
            header.structure(5) {
                $0.int32(1, count)
                $0.int32(2, encoding.rawValue)
                $0.int32(3, ParquetEncoding.runLength.rawValue)
                $0.int32(4, ParquetEncoding.runLength.rawValue)
            }
        }
    }

    mutating func dictionaryPage(_ data: [UInt8], valueCount: Int) throws(ColumnarProblem) -> [UInt8] {
        try page(data, kind: 2, valueCount: valueCount) { header, count in
            header.structure(7) {
                $0.int32(1, count)
                $0.int32(2, ParquetEncoding.plain.rawValue)
            }
        }
    }

    private mutating func page(
        _ data: [UInt8], kind: Int32, valueCount: Int, _ content: (inout ThriftWriter, _ count: Int32) -> Void
    ) throws(ColumnarProblem) -> [UInt8] {
        let compressed = try compression.compress(data)
        guard let size = Int32(exactly: data.count), let compressedSize = Int32(exactly: compressed.count),
            let count = Int32(exactly: valueCount)
        else {
            throw ColumnarProblem("a row of \(data.count) bytes or \(valueCount) values, for which there are no pages")
        }
        let checksum = compressed.withUnsafeBytes { UInt32(crc32_z(0, $0.baseAddress, $0.count)) }
        var header = ThriftWriter()
        header.structure {
            $0.int32(1, kind)
            $0.int32(2, size)
            $0.int32(3, compressedSize)
            $0.int32(4, Int32(bitPattern: checksum))
            content(&$0, count)
        }
        compressedBytes += header.bytes.count + compressed.count
        uncompressedBytes += header.bytes.count + data.count
        return header.bytes + compressed
    }
}

extension [UInt8] {
    /// Levels with their size before them.
    mutating func append(levels: [UInt8], most: UInt8) {
        let start = count
        append(littleEndian: UInt32(0))
        RunLengthEncoder.append(levels, width: most.bitWidthNeeded, to: &self)
        var size: [UInt8] = []
        size.append(littleEndian: UInt32(truncatingIfNeeded: count - start - 4))
        replaceSubrange(start..<(start + 4), with: size)
    }
}
