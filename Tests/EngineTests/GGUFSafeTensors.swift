import Foundation

/// Reads the float32 tensors of a safetensors file that a test trusts.
///
/// The format: a 64-bit length, as many bytes of JSON (name to dtype, shape and byte offsets), then the data.
struct SafeTensors {
    struct Tensor {
        /// Row-major, outermost dimension first.
        let shape: [Int]
        let values: [Float]
    }

    private struct Entry: Decodable {
        let dtype: String
        let shape: [Int]
        let dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    private let header: [String: Entry]
    private let data: Data

    init(path: String) throws {
        let file = try Data(contentsOf: URL(filePath: path))
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        var object = try JSONSerialization.jsonObject(with: file[8..<(8 + length)]) as? [String: Any] ?? [:]
        object["__metadata__"] = nil
        header = try JSONDecoder().decode(
            [String: Entry].self, from: JSONSerialization.data(withJSONObject: object))
        data = Data(file[(8 + length)...])
    }

    var names: [String] { header.keys.sorted() }

    /// The tensor, or nil if there is none of this name in float32.
    subscript(name: String) -> Tensor? {
        guard let entry = header[name], entry.dtype == "F32" else { return nil }
        let values = data.withUnsafeBytes { bytes in
            stride(from: entry.dataOffsets[0], to: entry.dataOffsets[1], by: 4).map { offset in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            }
        }
        return Tensor(shape: entry.shape, values: values)
    }
}
