/// Writes Thrift's compact protocol: what ``ThriftReader`` reads.
struct ThriftWriter {
    private(set) var bytes: [UInt8] = []
    private var lastID = 0

    private mutating func header(_ id: Int, _ kind: ThriftReader.Kind) {
        let step = id - lastID
        if (1...15).contains(step) {
            bytes.append(UInt8(step) << 4 | kind.rawValue)
        } else {
            bytes.append(kind.rawValue)
            append(zigzag: Int64(id))
        }
        lastID = id
    }

    private mutating func append(zigzag value: Int64) {
        bytes.append(varint: UInt64(bitPattern: value << 1 ^ value >> 63))
    }

    mutating func bool(_ id: Int, _ value: Bool) { header(id, value ? .yes : .no) }

    mutating func int8(_ id: Int, _ value: Int8) {
        header(id, .int8)
        bytes.append(UInt8(bitPattern: value))
    }

    mutating func int32(_ id: Int, _ value: Int32) {
        header(id, .int32)
        append(zigzag: Int64(value))
    }

    mutating func int64(_ id: Int, _ value: Int) {
        header(id, .int64)
        append(zigzag: Int64(value))
    }

    mutating func binary(_ id: Int, _ value: [UInt8]) {
        header(id, .binary)
        append(value)
    }

    private mutating func append(_ value: [UInt8]) {
        bytes.append(varint: UInt64(value.count))
        bytes += value
    }

    mutating func structure(_ id: Int, _ body: (inout ThriftWriter) -> Void) {
        header(id, .structure)
        structure(body)
    }

    /// The outermost one, or an element of a list.
    mutating func structure(_ body: (inout ThriftWriter) -> Void) {
        let outer = lastID
        lastID = 0
        body(&self)
        bytes.append(0)
        lastID = outer
    }

    mutating func structures<Element>(
        _ id: Int, _ elements: [Element], _ body: (inout ThriftWriter, Element) -> Void
    ) {
        list(id, .structure, count: elements.count)
        for element in elements { structure { body(&$0, element) } }
    }

    mutating func integers(_ id: Int, _ elements: [Int32]) {
        list(id, .int32, count: elements.count)
        for element in elements { append(zigzag: Int64(element)) }
    }

    mutating func binaries(_ id: Int, _ elements: [[UInt8]]) {
        list(id, .binary, count: elements.count)
        for element in elements { append(element) }
    }

    private mutating func list(_ id: Int, _ kind: ThriftReader.Kind, count: Int) {
        header(id, .list)
        if count < 15 {
            bytes.append(UInt8(count) << 4 | kind.rawValue)
        } else {
            bytes.append(0xF0 | kind.rawValue)
            bytes.append(varint: UInt64(count))
        }
    }
}
