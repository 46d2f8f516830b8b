/// What a FlatBuffers message is made of, to be written: https://flatbuffers.dev/internals/.
indirect enum FlatValue {
    case int8(Int8)
    case int16(Int16)
    case int32(Int32)
    case int64(Int64)
    case string([UInt8])
    case tables([FlatValue])

    /// Fields by their numbers; those that are nil have their defaults.
    case table([FlatValue?])

    static func bool(_ value: Bool) -> FlatValue { .int8(value ? 1 : 0) }

    /// A message with this table as the outermost one, a multiple of 8 bytes.
    func message() -> [UInt8] {
        var bytes: [UInt8] = [0, 0, 0, 0]
        append(to: &bytes, from: 0)
        bytes.pad(to: 8)
        return bytes
    }

    /// Bytes that it takes in its table; of what is elsewhere, the offset's.
    private var inlineBytes: Int {
        switch self {
        case .int8: 1
        case .int16: 2
        case .int64: 8
        case .int32, .string, .tables, .table: 4
        }
    }

    /// Writes what is not inline, and the offset to it.
    private func append(to bytes: inout [UInt8], from reference: Int) {
        switch self {
        case .int8, .int16, .int32, .int64: break
        case .string(let text):
            bytes.pad(to: 4)
            bytes.refer(from: reference, to: bytes.count)
            bytes.append(littleEndian: UInt32(text.count))
            bytes += text + [0]
        case .tables(let tables):
            bytes.pad(to: 4)
            bytes.refer(from: reference, to: bytes.count)
            bytes.append(littleEndian: UInt32(tables.count))
            let start = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: 4 * tables.count))
            for (index, table) in tables.enumerated() { table.append(to: &bytes, from: start + 4 * index) }
        case .table(let fields): Self.append(fields, to: &bytes, from: reference)
        }
    }

    private static func append(_ fields: [FlatValue?], to bytes: inout [UInt8], from reference: Int) {
        // The offset to the slots is the first field; behind it the widest come first, so that all are aligned.
        let order = fields.indices.filter { fields[$0] != nil }
            .sorted { (-(fields[$0]?.inlineBytes ?? 0), $0) < (-(fields[$1]?.inlineBytes ?? 0), $1) }
        var places = [Int](repeating: 0, count: fields.count)
        var byteCount = 4
        for index in order {
            let width = fields[index]?.inlineBytes ?? 0
            byteCount = (byteCount + width - 1) / width * width
            places[index] = byteCount
            byteCount += width
        }
        bytes.pad(to: 2)
        let slots = bytes.count
        bytes.append(littleEndian: UInt16(4 + 2 * fields.count))
        bytes.append(littleEndian: UInt16(byteCount))
        for place in places { bytes.append(littleEndian: UInt16(place)) }
        bytes.pad(to: 8)
        let table = bytes.count
        bytes.refer(from: reference, to: table)
        bytes.append(littleEndian: Int32(table - slots))
        bytes.append(contentsOf: repeatElement(0, count: byteCount - 4))
        for (index, field) in fields.enumerated() {
            let place = table + places[index]
            switch field {
            case .int8(let value): bytes.store(value, at: place)
            case .int16(let value): bytes.store(value, at: place)
            case .int32(let value): bytes.store(value, at: place)
            case .int64(let value): bytes.store(value, at: place)
            case .string, .tables, .table: field?.append(to: &bytes, from: place)
            case nil: break
            }
        }
    }
}

extension [UInt8] {
    /// Zeros up to a multiple of so many bytes.
    fileprivate mutating func pad(to multiple: Int) {
        append(contentsOf: repeatElement(0, count: (multiple - count % multiple) % multiple))
    }

    fileprivate mutating func refer(from place: Int, to target: Int) { store(UInt32(target - place), at: place) }

    fileprivate mutating func store<Number: FixedWidthInteger>(_ value: Number, at place: Int) {
        var bytes: [UInt8] = []
        bytes.append(littleEndian: value)
        replaceSubrange(place..<(place + bytes.count), with: bytes)
    }
}
