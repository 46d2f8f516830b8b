/// The values of a page, one after another.
protocol PageValues: AnyObject {
    /// - Throws: where there is none left, or the data are damaged.
    func next() throws(ColumnarProblem) -> ColumnarValue
}

/// Values as they are, one behind the other.
final class PlainValues: PageValues {
    private let conversion: LeafConversion
    private let bytes: [UInt8]
    private let end: Int
    private var position: Int

    /// The next bit of booleans.
    private var bit = 0

    init(_ input: ByteReader, _ conversion: LeafConversion) {
        self.conversion = conversion
        bytes = input.bytes
        position = input.position
        end = input.end
    }

    func next() throws(ColumnarProblem) -> ColumnarValue {
        switch conversion.physical {
        case .byteArray:
            guard position + 4 <= end else { throw .cutOff }
            let start = position + 4
            let count = Int(bytes.littleEndian(at: position, byteCount: 4))
            guard count <= end - start else { throw .cutOff }
            position = start + count
            return try conversion.value(bytes[start..<position])
        case .boolean:
            guard position < end else { throw .cutOff }
            let value = try conversion.value(UInt64(bytes[position]) >> UInt64(bit))
            bit = (bit + 1) & 7
            if bit == 0 { position += 1 }
            return value
        case .int32, .int64, .float, .double, .int96, .fixedByteArray:
            let start = position
            guard conversion.width <= end - start else { throw .cutOff }
            position = start + conversion.width
            return conversion.isNumber
                ? try conversion.value(bytes.littleEndian(at: start, byteCount: conversion.width))
                : try conversion.value(bytes[start..<position])
        }
    }
}

/// Booleans in runs.
final class BooleanRunValues: PageValues {
    private let conversion: LeafConversion
    private var runs: RunLengthDecoder

    init(_ input: ByteReader, _ conversion: LeafConversion) throws(ColumnarProblem) {
        guard conversion.physical == .boolean else {
            throw ColumnarProblem("expected booleans in a page of encoding RLE, found \(conversion.physical)")
        }
        var input = input
        let count = Int(try input.uint32())
        let range = try input.take(count)
        self.conversion = conversion
        runs = try RunLengthDecoder(ByteReader(input.bytes, range), width: 1)
    }

    func next() throws(ColumnarProblem) -> ColumnarValue { try conversion.value(UInt64(try runs.next())) }
}

/// Integers as differences.
final class DeltaValues: PageValues {
    private let conversion: LeafConversion
    private var integers: DeltaDecoder

    init(_ input: ByteReader, _ conversion: LeafConversion) throws(ColumnarProblem) {
        guard conversion.physical == .int32 || conversion.physical == .int64 else {
            throw ColumnarProblem(
                "expected integers in a page of encoding DELTA_BINARY_PACKED, found \(conversion.physical)")
        }
        self.conversion = conversion
        integers = try DeltaDecoder(input)
    }

    func next() throws(ColumnarProblem) -> ColumnarValue {
        try conversion.value(UInt64(bitPattern: try integers.next()))
    }
}

/// Texts: all lengths, then all bytes.
final class DeltaLengthValues: PageValues {
    private let conversion: LeafConversion
    private var lengths: DeltaDecoder
    private var input: ByteReader

    init(_ input: ByteReader, _ conversion: LeafConversion) throws(ColumnarProblem) {
        guard conversion.physical == .byteArray else {
            throw ColumnarProblem(
                "expected bytes in a page of encoding DELTA_LENGTH_BYTE_ARRAY, found \(conversion.physical)")
        }
        self.conversion = conversion
        lengths = try DeltaDecoder(input)
        self.input = try lengths.rest()
    }

    func next() throws(ColumnarProblem) -> ColumnarValue {
        let range = try input.take(try lengths.nextLength())
        return try conversion.value(input.bytes[range])
    }
}

/// Texts: of each how much it has in common with the one before, and the rest.
final class DeltaTextValues: PageValues {
    private let conversion: LeafConversion
    private var prefixes: DeltaDecoder
    private var lengths: DeltaDecoder
    private var input: ByteReader
    private var previous: [UInt8] = []

    init(_ input: ByteReader, _ conversion: LeafConversion) throws(ColumnarProblem) {
        guard conversion.physical == .byteArray || conversion.physical == .fixedByteArray else {
            throw ColumnarProblem("expected bytes in a page of encoding DELTA_BYTE_ARRAY, found \(conversion.physical)")
        }
        self.conversion = conversion
        prefixes = try DeltaDecoder(input)
        lengths = try DeltaDecoder(try prefixes.rest())
        self.input = try lengths.rest()
    }

    func next() throws(ColumnarProblem) -> ColumnarValue {
        let common = try prefixes.nextLength()
        let range = try input.take(try lengths.nextLength())
        guard common <= previous.count else {
            throw ColumnarProblem(
                "expected at most \(previous.count) bytes in common with the text before, found \(common)")
        }
        previous.removeSubrange(common...)
        previous += input.bytes[range]
        guard conversion.width == 0 || previous.count == conversion.width else {
            throw ColumnarProblem("expected a value of \(conversion.width) bytes, found \(previous.count)")
        }
        return try conversion.value(previous[...])
    }
}

extension DeltaDecoder {
    fileprivate mutating func nextLength() throws(ColumnarProblem) -> Int {
        let length = try next()
        guard length >= 0 else { throw ColumnarProblem("expected a length, found \(length)") }
        return Int(length)
    }
}

/// Numbers taken apart: all first bytes, then all second bytes, and so on.
final class SplitValues: PageValues {
    private let conversion: LeafConversion
    private let bytes: [UInt8]
    private let start: Int
    private let count: Int
    private var index = 0

    init(_ input: ByteReader, _ conversion: LeafConversion) throws(ColumnarProblem) {
        guard conversion.width > 0, conversion.physical != .int96 else {
            throw ColumnarProblem(
                "expected numbers in a page of encoding BYTE_STREAM_SPLIT, found \(conversion.physical)")
        }
        guard input.remaining % conversion.width == 0 else {
            throw ColumnarProblem(
                "expected a multiple of \(conversion.width) bytes of values, found \(input.remaining)")
        }
        self.conversion = conversion
        bytes = input.bytes
        start = input.position
        count = input.remaining / conversion.width
    }

    func next() throws(ColumnarProblem) -> ColumnarValue {
        guard index < count else { throw .cutOff }
        let first = start + index
        index += 1
        guard conversion.isNumber else {
            return try conversion.value((0..<conversion.width).map { bytes[first + $0 * count] }[...])
        }
        var bits: UInt64 = 0
        for place in 0..<conversion.width { bits |= UInt64(bytes[first + place * count]) << UInt64(8 * place) }
        return try conversion.value(bits)
    }
}
