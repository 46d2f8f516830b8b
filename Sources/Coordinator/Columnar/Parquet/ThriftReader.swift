/// Reads Thrift's compact protocol, which Parquet's metadata are in:
/// https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md.
///
/// A structure is read with ``enter()`` and then ``next(_:)`` until that is nil; each field with the function of its
/// kind, or with ``skip(_:)``.
struct ThriftReader {
    enum Kind: UInt8 {
        case yes = 1, no, int8, int16, int32, int64, double, binary, list, set, map, structure, uuid
    }

    struct Field {
        let id: Int
        let kind: Kind
    }

    /// A structure that is being read.
    struct Scope {
        fileprivate var lastID = 0
    }

    private(set) var input: ByteReader
    private var depth = 0

    private static let depthMax = 32

    init(_ input: ByteReader) {
        self.input = input
    }

    mutating func enter() throws(ColumnarProblem) -> Scope {
        guard depth < Self.depthMax else { throw ColumnarProblem("the metadata are nested too deeply") }
        depth += 1
        return Scope()
    }

    /// The next field, or nil behind the last.
    mutating func next(_ scope: inout Scope) throws(ColumnarProblem) -> Field? {
        let header = try input.byte()
        guard header != 0 else {
            depth -= 1
            return nil
        }
        let step = Int(header >> 4)
        let id = step == 0 ? Int(truncatingIfNeeded: try input.zigzag()) : scope.lastID + step
        guard (1...Int(Int16.max)).contains(id) else { throw ColumnarProblem("the metadata have a field \(id)") }
        scope.lastID = id
        return Field(id: id, kind: try kind(header & 0x0F))
    }

    private func kind(_ code: UInt8) throws(ColumnarProblem) -> Kind {
        guard let kind = Kind(rawValue: code) else {
            throw ColumnarProblem("the metadata have a field of type \(code)")
        }
        return kind
    }

    private func expect(_ kind: Kind, _ field: Field) throws(ColumnarProblem) {
        guard field.kind == kind else {
            throw ColumnarProblem("field \(field.id) of the metadata: expected \(kind), found \(field.kind)")
        }
    }

    mutating func bool(_ field: Field) throws(ColumnarProblem) -> Bool {
        guard field.kind == .yes || field.kind == .no else {
            throw ColumnarProblem("field \(field.id) of the metadata: expected a boolean, found \(field.kind)")
        }
        return field.kind == .yes
    }

    mutating func int8(_ field: Field) throws(ColumnarProblem) -> Int8 {
        try expect(.int8, field)
        return Int8(bitPattern: try input.byte())
    }

    mutating func int32(_ field: Field) throws(ColumnarProblem) -> Int32 {
        try expect(.int32, field)
        return try int32()
    }

    /// An element of a list.
    mutating func int32() throws(ColumnarProblem) -> Int32 {
        let value = try input.zigzag()
        guard let value = Int32(exactly: value) else {
            throw ColumnarProblem("the metadata have \(value) where a number of 32 bits is expected")
        }
        return value
    }

    /// - Throws: also where it is negative, as no count, size or offset is.
    mutating func size(_ field: Field) throws(ColumnarProblem) -> Int {
        let value: Int64
        switch field.kind {
        case .int32: value = Int64(try int32())
        case .int64: value = try input.zigzag()
        default: throw ColumnarProblem("field \(field.id) of the metadata: expected an integer, found \(field.kind)")
        }
        guard value >= 0 else {
            throw ColumnarProblem("field \(field.id) of the metadata: expected a size or a place, found \(value)")
        }
        return Int(value)
    }

    mutating func binary(_ field: Field) throws(ColumnarProblem) -> [UInt8] {
        try expect(.binary, field)
        return try binary()
    }

    /// An element of a list.
    mutating func binary() throws(ColumnarProblem) -> [UInt8] {
        Array(input.bytes[try input.take(try count())])
    }

    /// Of bytes, or of elements, which take a byte at least: there are no more of them than bytes are left.
    private mutating func count() throws(ColumnarProblem) -> Int {
        let count = try input.count(atMost: Int(Int32.max))
        guard count <= input.remaining else { throw .cutOff }
        return count
    }

    /// How many elements follow.
    mutating func list(_ field: Field, of kind: Kind) throws(ColumnarProblem) -> Int {
        try expect(.list, field)
        let (count, found) = try listHeader()
        guard count == 0 || found == kind else {
            throw ColumnarProblem("field \(field.id) of the metadata: expected a list of \(kind), found \(found)")
        }
        return count
    }

    private mutating func listHeader() throws(ColumnarProblem) -> (count: Int, Kind) {
        let header = try input.byte()
        let kind = try kind(header & 0x0F)
        let short = Int(header >> 4)
        return (short < 15 ? short : try count(), kind)
    }

    mutating func skip(_ field: Field) throws(ColumnarProblem) { try skip(field.kind, isElement: false) }

    private mutating func skip(_ kind: Kind, isElement: Bool) throws(ColumnarProblem) {
        switch kind {
        case .yes, .no: if isElement { _ = try input.byte() }
        case .int8: _ = try input.byte()
        case .int16, .int32, .int64: _ = try input.varint()
        case .double: _ = try input.take(8)
        case .uuid: _ = try input.take(16)
        case .binary: _ = try input.take(try count())
        case .list, .set:
            let (count, element) = try listHeader()
            try nested { (reader: inout ThriftReader) throws(ColumnarProblem) in
                for _ in 0..<count { try reader.skip(element, isElement: true) }
            }
        case .map:
            let count = try count()
            guard count > 0 else { return }
            let kinds = try input.byte()
            let (key, value) = (try self.kind(kinds >> 4), try self.kind(kinds & 0x0F))
            try nested { (reader: inout ThriftReader) throws(ColumnarProblem) in
                for _ in 0..<count {
                    try reader.skip(key, isElement: true)
                    try reader.skip(value, isElement: true)
                }
            }
        case .structure:
            var scope = try enter()
            while let field = try next(&scope) { try skip(field) }
        }
    }

    private mutating func nested(
        _ body: (inout ThriftReader) throws(ColumnarProblem) -> Void
    ) throws(ColumnarProblem) {
        _ = try enter()
        try body(&self)
        depth -= 1
    }
}
