/// The values of a column that pages refer to by number.
final class ParquetDictionary: Sendable {
    private let conversion: LeafConversion
    private let count: Int
    private let bytes: [UInt8]

    /// Where values of differing lengths begin.
    private let offsets: [UInt32]

    /// All values where they are few, so that equal texts share their bytes.
    private let values: [ColumnarValue]

    private static let valuesMax = 1 << 16

    /// - Parameter input: the values, plainly stored.
    /// - Throws: where they are fewer than `count`.
    init(_ input: ByteReader, count: Int, _ conversion: LeafConversion) throws(ColumnarProblem) {
        guard conversion.physical != .boolean else { throw ColumnarProblem("booleans have a dictionary") }
        self.conversion = conversion
        self.count = count
        bytes = input.bytes
        if count <= Self.valuesMax {
            let plain = PlainValues(input, conversion)
            var values: [ColumnarValue] = []
            for _ in 0..<count { values.append(try plain.next()) }
            (self.values, offsets) = (values, [])
        } else {
            (values, offsets) = ([], try Self.offsets(input, count: count, width: conversion.width))
        }
    }

    private static func offsets(_ input: ByteReader, count: Int, width: Int) throws(ColumnarProblem) -> [UInt32] {
        var input = input
        guard width == 0 else {
            guard count <= input.remaining / width else { throw .cutOff }
            return []
        }
        guard count <= input.remaining / 4 else { throw .cutOff }
        var offsets: [UInt32] = []
        offsets.reserveCapacity(count)
        for _ in 0..<count {
            offsets.append(UInt32(truncatingIfNeeded: input.position))
            _ = try input.take(Int(try input.uint32()))
        }
        return offsets
    }

    @inline(__always)
    func value(at index: UInt32) throws(ColumnarProblem) -> ColumnarValue {
        guard index < count else {
            throw ColumnarProblem("expected a number below \(count), the size of the dictionary, found \(index)")
        }
        return values.isEmpty ? try decoded(at: Int(index)) : values[Int(index)]
    }

    private func decoded(at index: Int) throws(ColumnarProblem) -> ColumnarValue {
        let start = offsets.isEmpty ? index * conversion.width : Int(offsets[index])
        return try PlainValues(ByteReader(bytes, start..<bytes.count), conversion).next()
    }
}

/// Numbers of values in a dictionary.
final class DictionaryValues: PageValues {
    private let dictionary: ParquetDictionary
    private var indices: RunLengthDecoder

    /// - Throws: where the indices are wider than any can be.
    init(_ input: ByteReader, _ dictionary: ParquetDictionary) throws(ColumnarProblem) {
        var input = input
        // A page of nulls may have nothing at all.
        let width = input.remaining > 0 ? Int(try input.byte()) : 0
        self.dictionary = dictionary
        indices = try RunLengthDecoder(input, width: width)
    }

    func next() throws(ColumnarProblem) -> ColumnarValue { try dictionary.value(at: try indices.next()) }
}
