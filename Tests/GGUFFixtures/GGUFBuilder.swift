import Foundation
package import ModelFiles

/// Writes small GGUF files for tests.
///
/// Nothing is checked: a test may ask for a file that is wrong.
package struct GGUFBuilder {
    /// A metadata value with its type in the file.
    package indirect enum Value {
        case uint8(UInt8)
        case int8(Int8)
        case uint16(UInt16)
        case int16(Int16)
        case uint32(UInt32)
        case int32(Int32)
        case float32(Float)
        case bool(Bool)
        case string(String)
        /// A string of any bytes.
        case bytes([UInt8])
        /// Elements of one type, whose number is given because the array may be empty.
        case array(elementType: UInt32, [Value])
        case uint64(UInt64)
        case int64(Int64)
        case float64(Double)

        package static func strings(_ strings: [String]) -> Value { .array(elementType: 8, strings.map(Value.string)) }
        package static func strings(_ strings: [[UInt8]]) -> Value { .array(elementType: 8, strings.map(Value.bytes)) }
        package static func int32s(_ values: [Int32]) -> Value { .array(elementType: 5, values.map(Value.int32)) }
        package static func float32s(_ values: [Float]) -> Value { .array(elementType: 6, values.map(Value.float32)) }
        package static func bools(_ values: [Bool]) -> Value { .array(elementType: 7, values.map(Value.bool)) }
    }

    private struct Tensor {
        let name: String
        let type: UInt32
        let shape: [Int]
        let bytes: [UInt8]
    }

    package var version: UInt32 = 3
    /// Written as `general.alignment` if it is not the default.
    package var alignment = 32
    private var pairs: [(key: String, value: Value)] = []
    private var tensors: [Tensor] = []

    package init() {}

    /// Appends a pair; an earlier one with the same key stays.
    package mutating func set(_ key: String, _ value: Value) { pairs.append((key, value)) }

    /// Replaces the pairs with this key by one at the end.
    package mutating func replace(_ key: String, _ value: Value) {
        pairs.removeAll { $0.key == key }
        set(key, value)
    }

    /// Appends a tensor of stored blocks; `shape` is row-major, outermost dimension first.
    package mutating func addTensor(_ name: String, type: UInt32, shape: [Int], bytes: [UInt8]) {
        tensors.append(Tensor(name: name, type: type, shape: shape, bytes: bytes))
    }

    package mutating func addTensor(_ name: String, type: TensorType, shape: [Int], bytes: [UInt8]) {
        addTensor(name, type: type.rawValue, shape: shape, bytes: bytes)
    }

    /// Appends a tensor of float32 values, row-major.
    package mutating func addTensor(_ name: String, shape: [Int], _ values: [Float]) {
        addTensor(name, type: .f32, shape: shape, bytes: values.flatMap { littleEndian($0.bitPattern) })
    }

    /// The file's bytes.
    package func build() -> [UInt8] {
        var pairs = pairs
        if alignment != 32 { pairs.append(("general.alignment", .uint32(UInt32(alignment)))) }
        var file = Array("GGUF".utf8) + littleEndian(version)
        file += littleEndian(UInt64(tensors.count)) + littleEndian(UInt64(pairs.count))
        for (key, value) in pairs {
            file += string(Array(key.utf8)) + littleEndian(Self.type(of: value)) + payload(value)
        }
        var offset = 0
        for tensor in tensors {
            file += string(Array(tensor.name.utf8)) + littleEndian(UInt32(tensor.shape.count))
            for dimension in tensor.shape.reversed() { file += littleEndian(Int64(dimension)) }
            file += littleEndian(tensor.type) + littleEndian(UInt64(offset))
            offset = aligned(offset + tensor.bytes.count)
        }
        for tensor in tensors {
            file += [UInt8](repeating: 0, count: aligned(file.count) - file.count)
            file += tensor.bytes
        }
        return file
    }

    // MARK: Encoding

    private func aligned(_ offset: Int) -> Int { (offset + alignment - 1) / alignment * alignment }

    private func littleEndian<T: FixedWidthInteger>(_ value: T) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }

    private func string(_ bytes: [UInt8]) -> [UInt8] { littleEndian(UInt64(bytes.count)) + bytes }

    private func payload(_ value: Value) -> [UInt8] {
        switch value {
        case .uint8(let value): [value]
        case .int8(let value): littleEndian(value)
        case .uint16(let value): littleEndian(value)
        case .int16(let value): littleEndian(value)
        case .uint32(let value): littleEndian(value)
        case .int32(let value): littleEndian(value)
        case .float32(let value): littleEndian(value.bitPattern)
        case .bool(let value): [value ? 1 : 0]
        case .string(let value): string(Array(value.utf8))
        case .bytes(let value): string(value)
        case .array(let elementType, let elements):
            elements.reduce(into: littleEndian(elementType) + littleEndian(UInt64(elements.count))) {
                $0 += payload($1)
            }
        case .uint64(let value): littleEndian(value)
        case .int64(let value): littleEndian(value)
        case .float64(let value): littleEndian(value.bitPattern)
        }
    }

    private static func type(of value: Value) -> UInt32 {
        switch value {
        case .uint8: 0
        case .int8: 1
        case .uint16: 2
        case .int16: 3
        case .uint32: 4
        case .int32: 5
        case .float32: 6
        case .bool: 7
        case .string, .bytes: 8
        case .array: 9
        case .uint64: 10
        case .int64: 11
        case .float64: 12
        }
    }
}

extension GGUFFile {
    /// Opens a file of these bytes; the file's name is gone when this returns, the mapping stays.
    package convenience init(bytes: [UInt8]) throws {
        let path = NSTemporaryDirectory() + "gguf-\(UUID().uuidString)"
        try Data(bytes).write(to: URL(filePath: path))
        defer { unlink(path) }
        try self.init(path: path)
    }
}
