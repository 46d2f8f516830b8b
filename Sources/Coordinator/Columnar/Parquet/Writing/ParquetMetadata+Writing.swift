extension ParquetMetadata {
    /// The footer of a file, without its length.
    ///
    /// - Parameters:
    ///   - leaves: the columns.
    ///   - offsets: where each row group begins in the file.
    func serialized(_ leaves: [ParquetLeaf], groupOffsets offsets: [Int], createdBy: String) -> [UInt8] {
        var writer = ThriftWriter()
        writer.structure { footer in
            footer.int32(1, 2)
            footer.structures(2, schema) { $1.write(to: &$0) }
            footer.int64(3, rowCount)
            footer.structures(4, Array(zip(rowGroups, offsets))) { $1.0.write(to: &$0, leaves, offset: $1.1) }
            footer.structures(5, keyValues) { writer, entry in
                writer.binary(1, entry.key)
                if let value = entry.value { writer.binary(2, value) }
            }
            footer.binary(6, Array(createdBy.utf8))
            // The order that the type defines, for each column.
            footer.structures(7, leaves) { writer, _ in writer.structure(1) { _ in } }
        }
        return writer.bytes
    }
}

extension ParquetRowGroup {
    fileprivate func write(to writer: inout ThriftWriter, _ leaves: [ParquetLeaf], offset: Int) {
        writer.structures(1, Array(zip(columns, leaves))) { writer, entry in
            entry.0.write(to: &writer, entry.1)
        }
        writer.int64(2, columns.reduce(0) { $0 + $1.uncompressedBytes })
        writer.int64(3, rowCount)
        writer.int64(5, offset)
        writer.int64(6, columns.reduce(0) { $0 + $1.compressedBytes })
    }
}

extension ParquetChunk {
    fileprivate func write(to writer: inout ThriftWriter, _ leaf: ParquetLeaf) {
        writer.int64(2, 0)
        writer.structure(3) { metadata in
            metadata.int32(1, physical.rawValue)
            metadata.integers(2, encodings.map(\.rawValue))
            metadata.binaries(3, leaf.path.map { Array($0.utf8) })
            metadata.int32(4, codec)
            metadata.int64(5, valueCount)
            metadata.int64(6, uncompressedBytes)
            metadata.int64(7, compressedBytes)
            metadata.int64(9, dataOffset)
            if let dictionaryOffset { metadata.int64(11, dictionaryOffset) }
            metadata.structure(12) { $0.int64(3, nullCount) }
        }
    }
}

extension ParquetElement {
    fileprivate func write(to writer: inout ThriftWriter) {
        if let physical { writer.int32(1, physical.rawValue) }
        if physical == .fixedByteArray { writer.int32(2, Int32(clamping: byteCount)) }
        writer.int32(3, repetition.rawValue)
        writer.binary(4, Array(name.utf8))
        if physical == nil { writer.int32(5, Int32(clamping: childCount)) }
        if let converted { writer.int32(6, converted) }
        if case .decimal(let precision, let scale) = logical {
            writer.int32(7, Int32(clamping: scale))
            writer.int32(8, Int32(clamping: precision))
        }
        if let number { writer.int32(9, number) }
        if let logical { writer.structure(10) { logical.write(to: &$0) } }
    }

    /// The logical type in the older generation's words, for older readers (`ConvertedType`).
    private var converted: Int32? {
        switch logical {
        case .string: 0
        case .map: 1
        case .list: 3
        case .enumeration: 4
        case .decimal: 5
        case .date: 6
        case .time(.millisecond, isUTC: true): 7
        case .time(.microsecond, isUTC: true): 8
        case .timestamp(.millisecond, isUTC: true): 9
        case .timestamp(.microsecond, isUTC: true): 10
        case .integer(let bits, let isSigned): (isSigned ? 15 : 11) + Int32(bits.trailingZeroBitCount) - 3
        case .json: 19
        case .bson: 20
        default: nil
        }
    }
}

extension ParquetLogical {
    /// As the union `LogicalType`.
    fileprivate func write(to writer: inout ThriftWriter) {
        switch self {
        case .string: writer.structure(1) { _ in }
        case .map: writer.structure(2) { _ in }
        case .list: writer.structure(3) { _ in }
        case .enumeration: writer.structure(4) { _ in }
        case .decimal(let precision, let scale):
            writer.structure(5) {
                $0.int32(1, Int32(clamping: scale))
                $0.int32(2, Int32(clamping: precision))
            }
        case .date: writer.structure(6) { _ in }
        case .time(let unit, let isUTC), .timestamp(let unit, let isUTC):
            let isOfDay = if case .time = self { true } else { false }
            writer.structure(isOfDay ? 7 : 8) {
                $0.bool(1, isUTC)
                $0.structure(2) { $0.structure(unit.rawValue) { _ in } }
            }
        case .integer(let bits, let isSigned):
            writer.structure(10) {
                $0.int8(1, Int8(clamping: bits))
                $0.bool(2, isSigned)
            }
        case .unknown: writer.structure(11) { _ in }
        case .json: writer.structure(12) { _ in }
        case .bson: writer.structure(13) { _ in }
        case .uuid: writer.structure(14) { _ in }
        case .half: writer.structure(15) { _ in }
        // Never written.
        case .interval, .other: break
        }
    }
}
