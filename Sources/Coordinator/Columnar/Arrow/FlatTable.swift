/// A table of a FlatBuffers message, which Arrow's metadata are in: https://flatbuffers.dev/internals/. Nothing is read
/// from beyond the message, whatever its offsets say.
struct FlatTable {
    /// Elements of a vector, one behind the other.
    struct Vector {
        let start: Int
        let count: Int
    }

    let bytes: [UInt8]
    private let position: Int
    private let slots: Range<Int>

    /// The message's outermost table.
    init(root bytes: [UInt8]) throws(ColumnarProblem) {
        try self.init(bytes, at: Int(try Self.number(bytes, at: 0, 4)))
    }

    private init(_ bytes: [UInt8], at position: Int) throws(ColumnarProblem) {
        let back = Int(Int32(truncatingIfNeeded: try Self.number(bytes, at: position, 4)))
        let start = position - back
        let byteCount = Int(try Self.number(bytes, at: start, 2))
        guard byteCount >= 4, byteCount <= bytes.count - start else { throw .cutOff }
        self.bytes = bytes
        self.position = position
        slots = (start + 4)..<(start + byteCount)
    }

    private static func number(_ bytes: [UInt8], at offset: Int, _ count: Int) throws(ColumnarProblem) -> UInt64 {
        guard offset >= 0, count <= bytes.count - offset else { throw .cutOff }
        return bytes.littleEndian(at: offset, byteCount: count)
    }

    /// Where a field is, or nil where it has its default.
    private func place(_ slot: Int) throws(ColumnarProblem) -> Int? {
        let entry = slots.lowerBound + 2 * slot
        guard entry + 2 <= slots.upperBound else { return nil }
        let offset = Int(bytes.littleEndian(at: entry, byteCount: 2))
        return offset == 0 ? nil : position + offset
    }

    private func integer(_ slot: Int, _ byteCount: Int) throws(ColumnarProblem) -> Int? {
        guard let place = try place(slot) else { return nil }
        let shift = 64 - 8 * byteCount
        return Int(Int64(bitPattern: try Self.number(bytes, at: place, byteCount) << UInt64(shift)) >> Int64(shift))
    }

    func int8(_ slot: Int) throws(ColumnarProblem) -> Int { try integer(slot, 1) ?? 0 }
    func int16(_ slot: Int, default value: Int = 0) throws(ColumnarProblem) -> Int { try integer(slot, 2) ?? value }
    func int32(_ slot: Int, default value: Int = 0) throws(ColumnarProblem) -> Int { try integer(slot, 4) ?? value }
    func int64(_ slot: Int) throws(ColumnarProblem) -> Int { try integer(slot, 8) ?? 0 }
    func bool(_ slot: Int) throws(ColumnarProblem) -> Bool { try int8(slot) != 0 }

    private func target(_ place: Int) throws(ColumnarProblem) -> Int {
        place + Int(try Self.number(bytes, at: place, 4))
    }

    func table(_ slot: Int) throws(ColumnarProblem) -> FlatTable? {
        guard let place = try place(slot) else { return nil }
        return try FlatTable(bytes, at: try target(place))
    }

    /// - Parameter byteCount: of an element.
    func vector(_ slot: Int, byteCount: Int) throws(ColumnarProblem) -> Vector {
        guard let place = try place(slot) else { return Vector(start: 0, count: 0) }
        let start = try target(place)
        let count = Int(try Self.number(bytes, at: start, 4))
        guard count <= (bytes.count - start - 4) / byteCount else { throw .cutOff }
        return Vector(start: start + 4, count: count)
    }

    func string(_ slot: Int) throws(ColumnarProblem) -> [UInt8]? {
        guard try place(slot) != nil else { return nil }
        let vector = try vector(slot, byteCount: 1)
        return Array(bytes[vector.start..<(vector.start + vector.count)])
    }

    /// The tables of a vector of offsets.
    func tables(_ slot: Int) throws(ColumnarProblem) -> [FlatTable] {
        let vector = try vector(slot, byteCount: 4)
        var tables: [FlatTable] = []
        for index in 0..<vector.count {
            let place = vector.start + 4 * index
            tables.append(try FlatTable(bytes, at: try target(place)))
        }
        return tables
    }

    /// The numbers of 64 bits of a vector of them, or of structures that consist of them.
    func integers(_ slot: Int, perElement: Int = 1) throws(ColumnarProblem) -> [Int] {
        let vector = try vector(slot, byteCount: 8 * perElement)
        return (0..<(vector.count * perElement)).map {
            Int(Int64(bitPattern: bytes.littleEndian(at: vector.start + 8 * $0, byteCount: 8)))
        }
    }
}
