/// Reads the fields of one protobuf message (https://protobuf.dev/programming-guides/encoding/).
struct ProtobufReader {
    enum Value {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(ArraySlice<UInt8>)
        case fixed32(UInt32)
    }

    /// Where a message is no message: bytes from the start of the file.
    struct Fault: Error {
        let offset: Int
    }

    private var rest: ArraySlice<UInt8>

    init(_ message: ArraySlice<UInt8>) { rest = message }

    /// The next field's number and value; nil at the end.
    mutating func next() throws(Fault) -> (number: Int, value: Value)? {
        guard !rest.isEmpty else { return nil }
        let start = rest.startIndex
        let key = try varint()
        guard let number = Int(exactly: key >> 3), number > 0 else { throw Fault(offset: start) }
        switch key & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(8)))
        case 2:
            let count = try varint()
            guard count <= UInt64(rest.count) else { throw Fault(offset: start) }
            let bytes = rest.prefix(Int(count))
            rest = rest.dropFirst(Int(count))
            return (number, .bytes(bytes))
        case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        default: throw Fault(offset: start)
        }
    }

    private mutating func varint() throws(Fault) -> UInt64 {
        let start = rest.startIndex
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard let byte = rest.popFirst() else { throw Fault(offset: start) }
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Fault(offset: start)
    }

    private mutating func fixed(_ count: Int) throws(Fault) -> UInt64 {
        guard rest.count >= count else { throw Fault(offset: rest.startIndex) }
        let value = rest.prefix(count).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        rest = rest.dropFirst(count)
        return value
    }
}
