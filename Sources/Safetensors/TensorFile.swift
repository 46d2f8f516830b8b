internal import Foundation

/// The contents of a safetensors file of floating-point tensors: https://github.com/huggingface/safetensors#format.
///
/// Layout: the header's length (u64, little-endian), the header (JSON), then the tensors' bytes without gaps.
package struct TensorFile: Hashable, Sendable {
    package struct Tensor: Hashable, Sendable {
        /// Outermost dimension first.
        package var shape: [Int]

        /// Row-major.
        package var values: [Float]

        /// - Precondition: as many values as the shape says.
        package init(shape: [Int], values: [Float]) {
            precondition(values.count == shape.reduce(1, *), "\(values.count) values for shape \(shape)")
            self.shape = shape
            self.values = values
        }
    }

    package var tensors: [String: Tensor]
    package var metadata: [String: String]

    package init(tensors: [String: Tensor], metadata: [String: String]) {
        self.tensors = tensors
        self.metadata = metadata
    }

    /// The file's bytes, all tensors f32; the same contents always give the same bytes.
    package func serialized() throws -> [UInt8] {
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

    /// Reads tensors of any floating-point type; see `ElementType.floats(_:)`.
    ///
    /// - Throws: `SafetensorsError` where the bytes are no such file, or hold tensors of other types.
    package init(serialized bytes: [UInt8]) throws {
        let dataStart = try SafetensorsHeader.byteCount(prefix: bytes.prefix(8), fileBytes: bytes.count)
        let header = try SafetensorsHeader(serialized: bytes[..<dataStart], dataBytes: bytes.count - dataStart)
        metadata = header.metadata
        tensors = [:]
        for (name, entry) in header.tensors {
            let range = entry.range.lowerBound + dataStart..<entry.range.upperBound + dataStart
            do {
                tensors[name] = Tensor(shape: entry.shape, values: try entry.type.floats(bytes[range]))
            } catch {
                throw error.of(name)
            }
        }
    }
}
