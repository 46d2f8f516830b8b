internal import FileSystem

/// The key–value pairs at the head of a GGUF file.
///
/// A getter throws a `ModelFileError` that names the key if the value is missing or of another type; its `IfPresent`
/// form returns nil for a missing key, and still throws for a value of another type.
public struct GGUFMetadata: Sendable {
    /// In file order.
    public let keys: [String]
    private let values: [String: GGUFValue]
    private let file: MappedFile

    /// `keys` are those of `values`, in file order; the values' ranges lie inside `file`.
    init(file: MappedFile, keys: [String], values: [String: GGUFValue]) {
        self.file = file
        self.keys = keys
        self.values = values
    }

    // MARK: Required values

    public func string(_ key: String) throws -> String { try required(key, stringIfPresent(key)) }

    /// A non-negative integer of any width.
    public func unsigned(_ key: String) throws -> Int { try required(key, unsignedIfPresent(key)) }

    /// A 32-bit float, or a 64-bit one rounded to 32.
    public func float(_ key: String) throws -> Float { try required(key, floatIfPresent(key)) }

    public func bool(_ key: String) throws -> Bool { try required(key, boolIfPresent(key)) }

    /// Strings that may be any bytes, such as a vocabulary.
    public func strings(_ key: String) throws -> GGUFStringArray { try required(key, stringsIfPresent(key)) }

    /// Integers of any width that fit an `Int`.
    public func integers(_ key: String) throws -> [Int] { try required(key, integersIfPresent(key)) }

    public func floats(_ key: String) throws -> [Float] { try required(key, floatsIfPresent(key)) }

    public func bools(_ key: String) throws -> [Bool] { try required(key, boolsIfPresent(key)) }

    // MARK: Optional values

    public func stringIfPresent(_ key: String) throws -> String? {
        guard let value = values[key] else { return nil }
        guard case .string(let range) = value else { throw mismatch(key, "a string", value.kind) }
        guard let text = file.withBytes(range, { String(validating: $0, as: UTF8.self) }) else {
            throw mismatch(key, "UTF-8 text", "other bytes")
        }
        return text
    }

    public func unsignedIfPresent(_ key: String) throws -> Int? {
        guard let value = values[key] else { return nil }
        guard case .integer(let integer) = value, integer >= 0, let count = Int(exactly: integer) else {
            throw mismatch(key, "an integer from 0 to \(Int.max)", value.kind)
        }
        return count
    }

    public func floatIfPresent(_ key: String) throws -> Float? {
        guard let value = values[key] else { return nil }
        guard case .float(let number) = value else { throw mismatch(key, "a floating-point number", value.kind) }
        return Float(number)
    }

    public func boolIfPresent(_ key: String) throws -> Bool? {
        guard let value = values[key] else { return nil }
        guard case .bool(let flag) = value else { throw mismatch(key, "a bool", value.kind) }
        return flag
    }

    public func stringsIfPresent(_ key: String) throws -> GGUFStringArray? {
        guard let array = try arrayIfPresent(key, of: "strings", where: { $0 == .string }) else { return nil }
        return GGUFStringArray(file: file, array: array)
    }

    public func integersIfPresent(_ key: String) throws -> [Int]? {
        let elements = try elementsIfPresent(key, of: "integers") { type in
            type.hasFixedSize && type != .bool && type != .float32 && type != .float64
        }
        return try elements?.map { element in
            guard case .integer(let integer) = element, let value = Int(exactly: integer) else {
                throw mismatch(key, "integers up to \(Int.max)", element.kind)
            }
            return value
        }
    }

    public func floatsIfPresent(_ key: String) throws -> [Float]? {
        try elementsIfPresent(key, of: "floating-point numbers") { $0 == .float32 || $0 == .float64 }?.map { element in
            guard case .float(let number) = element else { throw mismatch(key, "numbers", element.kind) }
            return Float(number)
        }
    }

    public func boolsIfPresent(_ key: String) throws -> [Bool]? {
        try elementsIfPresent(key, of: "bools") { $0 == .bool }?.map { element in
            guard case .bool(let flag) = element else { throw mismatch(key, "bools", element.kind) }
            return flag
        }
    }

    /// The one number of a key, or all of an array, of any type: a bool is 0 or 1.
    package func numbersIfPresent(_ key: String) throws -> [Double]? {
        switch values[key] {
        case nil: return nil
        case .integer(let integer): return [Double(integer)]
        case .float(let number): return [number]
        case .bool(let flag): return [flag ? 1 : 0]
        case .string(_), .array(_):
            let elements = try elementsIfPresent(key, of: "numbers") { $0.hasFixedSize }
            return try elements?.map { element in
                switch element {
                case .integer(let integer): return Double(integer)
                case .float(let number): return number
                case .bool(let flag): return flag ? 1 : 0
                case .string, .array: throw mismatch(key, "numbers", element.kind)
                }
            }
        }
    }

    /// A sentence about keys that are not known, each quoted; none for none.
    package static func warning(ofUnknown keys: [String]) -> [String] {
        guard !keys.isEmpty else { return [] }
        let shown = keys.prefix(8).joined(separator: ", ") + (keys.count > 8 ? " and \(keys.count - 8) more" : "")
        return [
            """
            its file has metadata that is not known here and is passed over: \(shown). If it changes what the model \
            computes, the margins are wrong
            """
        ]
    }

    // MARK: Shared

    private func required<T>(_ key: String, _ value: T?) throws -> T {
        guard let value else {
            throw mismatch(key, "it to be present", "no such key among the file's \(keys.count)")
        }
        return value
    }

    private func mismatch(_ key: String, _ expected: String, _ found: String) -> ModelFileError {
        ModelFileError(file: file.path, place: .key(key), what: "value", expected: expected, found: found)
    }

    private func arrayIfPresent(
        _ key: String, of elements: String, where accepts: (GGUFValueType) -> Bool
    ) throws -> GGUFArray? {
        guard let value = values[key] else { return nil }
        guard case .array(let array) = value, accepts(array.elementType) else {
            throw mismatch(key, "an array of \(elements)", value.kind)
        }
        return array
    }

    /// The elements of an array whose elements have a fixed size.
    private func elementsIfPresent(
        _ key: String, of elements: String, where accepts: (GGUFValueType) -> Bool
    ) throws -> [GGUFValue]? {
        guard let array = try arrayIfPresent(key, of: elements, where: accepts) else { return nil }
        return try file.withBytes(array.bytes) { bytes in
            var cursor = ByteCursor(bytes, file: file.path)
            return try (0..<array.count).map { _ in try cursor.readValue(of: array.elementType, key) }
        }
    }
}

/// An array of strings in a mapped GGUF file. Each is any bytes: nothing is said about UTF-8.
public struct GGUFStringArray: RandomAccessCollection, Sendable {
    private let file: MappedFile
    private let ranges: [Range<Int>]

    /// - Precondition: `array` holds strings and has been checked to lie inside `file`.
    init(file: MappedFile, array: GGUFArray) {
        self.file = file
        ranges = file.withBytes(array.bytes) { bytes in
            var start = 0
            return (0..<array.count).map { _ in
                let count = Int(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self)))
                defer { start += 8 + count }
                return (array.bytes.lowerBound + start + 8)..<(array.bytes.lowerBound + start + 8 + count)
            }
        }
    }

    public var startIndex: Int { 0 }
    public var endIndex: Int { ranges.count }

    public subscript(position: Int) -> [UInt8] { withBytes(at: position) { Array($0) } }

    /// One string's bytes without a copy, valid only inside `body`.
    public func withBytes<R>(at position: Int, _ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try file.withBytes(ranges[position], body)
    }
}
