internal import Foundation

/// The contents of a safetensors file of f32 tensors: https://github.com/huggingface/safetensors#format.
///
/// Layout: the header's length (u64, little-endian), the header (JSON), then the tensors' bytes without gaps.
public struct Safetensors: Hashable, Sendable {
    public struct Tensor: Hashable, Sendable {
        /// Outermost dimension first.
        public var shape: [Int]

        /// Row-major.
        public var values: [Float]

        /// - Precondition: as many values as the shape says.
        public init(shape: [Int], values: [Float]) {
            precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
            self.shape = shape
            self.values = values
        }
    }

    public var tensors: [String: Tensor]
    public var metadata: [String: String]

    public init(tensors: [String: Tensor], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// The file's bytes; the same contents always give the same bytes.
    public func serialized() throws -> [UInt8] {
        var header = SafetensorsHeader(metadata: metadata)
        var data: [UInt8] = []
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            header.append(name, .f32, shape: tensor.shape)
            for value in tensor.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
        }
        return try header.serialized() + data
    }

    /// - Throws: `SafetensorsError` where the bytes are no such file, or hold tensors of other types.
    public init(serialized bytes: [UInt8]) throws {
        let dataStart = try SafetensorsHeader.byteCount(prefix: bytes.prefix(8), fileBytes: bytes.count)
        let header = try SafetensorsHeader(serialized: bytes[..<dataStart], dataBytes: bytes.count - dataStart)
        metadata = header.metadata
        tensors = [:]
        for (name, entry) in header.tensors {
            guard entry.type == .f32 else {
                throw SafetensorsError("tensor \"\(name)\": expected F32, found \(entry.type.rawValue)")
            }
            let range = entry.range.lowerBound + dataStart..<entry.range.upperBound + dataStart
            let values = bytes[range].withUnsafeBytes { raw in
                (0..<raw.count / 4).map { index in
                    let bits = raw.loadUnaligned(fromByteOffset: 4 * index, as: UInt32.self)
                    return Float(bitPattern: UInt32(littleEndian: bits))
                }
            }
            tensors[name] = Tensor(shape: entry.shape, values: values)
        }
    }
}
