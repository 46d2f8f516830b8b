/// The bytes of a GGUF file (version 3) with a few texts, numbers and f32 tensors: what is not a model and must be read as
/// one is. See ggml's `docs/gguf.md`.
package struct GGUFWriter {
    private var metadata: [UInt8] = []
    private var keys: Set<String> = []
    private var tensors: [(name: String, shape: [Int], values: [Float])] = []

    /// Tensors begin at multiples of it; a file that does not say otherwise has this one.
    private static let alignment = 32

    package init() {}

    /// - Precondition: no key twice.
    package mutating func set(_ key: String, _ text: String) {
        add(key, .string)
        Self.append(text, to: &metadata)
    }

    /// - Precondition: no key twice.
    package mutating func set(_ key: String, _ number: UInt32) {
        add(key, .uint32)
        Self.append(number, to: &metadata)
    }

    /// - Parameter shape: row-major, outermost dimension first.
    /// - Precondition: as many values as the shape says.
    package mutating func add(tensor name: String, shape: [Int], _ values: [Float]) {
        precondition(shape.reduce(1, *) == values.count, "a tensor of another shape")
        tensors.append((name, shape, values))
    }

    package func serialized() -> [UInt8] {
        var file = Array("GGUF".utf8)
        Self.append(UInt32(3), to: &file)
        Self.append(UInt64(tensors.count), to: &file)
        Self.append(UInt64(keys.count), to: &file)
        file += metadata
        var data: [UInt8] = []
        for tensor in tensors {
            Self.append(tensor.name, to: &file)
            Self.append(UInt32(tensor.shape.count), to: &file)
            for dimension in tensor.shape.reversed() { Self.append(UInt64(dimension), to: &file) }
            Self.append(TensorType.f32.rawValue, to: &file)
            Self.append(UInt64(data.count), to: &file)
            for value in tensor.values { Self.append(value.bitPattern, to: &data) }
            Self.pad(&data)
        }
        Self.pad(&file)
        return file + data
    }

    private mutating func add(_ key: String, _ type: GGUFValueType) {
        let isNew = keys.insert(key).inserted
        precondition(isNew, "the key \(key) a second time")
        Self.append(key, to: &metadata)
        Self.append(type.rawValue, to: &metadata)
    }

    private static func append(_ number: some FixedWidthInteger, to bytes: inout [UInt8]) {
        withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
    }

    private static func append(_ text: String, to bytes: inout [UInt8]) {
        append(UInt64(text.utf8.count), to: &bytes)
        bytes += Array(text.utf8)
    }

    private static func pad(_ bytes: inout [UInt8]) {
        while !bytes.count.isMultiple(of: alignment) { bytes.append(0) }
    }
}
