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

    private struct Entry: Codable {
        var dtype: String
        var shape: [Int]
        /// Start and end in the data behind the header.
        var dataOffsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case dataOffsets = "data_offsets"
        }
    }

    private enum HeaderValue: Codable {
        case entry(Entry)
        case metadata([String: String])

        init(from decoder: any Decoder) throws {
            if let entry = try? Entry(from: decoder) {
                self = .entry(entry)
            } else {
                self = .metadata(try [String: String](from: decoder))
            }
        }

        func encode(to encoder: any Encoder) throws {
            switch self {
            case .entry(let entry): try entry.encode(to: encoder)
            case .metadata(let metadata): try metadata.encode(to: encoder)
            }
        }
    }

    /// The file's bytes; the same contents always give the same bytes.
    public func serialized() throws -> [UInt8] {
        var header: [String: HeaderValue] = metadata.isEmpty ? [:] : ["__metadata__": .metadata(metadata)]
        var data: [UInt8] = []
        for (name, tensor) in tensors.sorted(by: { $0.key < $1.key }) {
            let start = data.count
            for value in tensor.values {
                withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
            }
            header[name] = .entry(Entry(dtype: "F32", shape: tensor.shape, dataOffsets: [start, data.count]))
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = [UInt8](try encoder.encode(header))
        // Readers expect the data at a multiple of 8.
        json += Array(repeating: UInt8(ascii: " "), count: (8 - json.count % 8) % 8)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json + data
    }

    /// - Throws: `SafetensorsError` where the bytes are no such file, or hold tensors of other types.
    public init(serialized bytes: [UInt8]) throws {
        guard bytes.count >= 8 else { throw SafetensorsError("expected at least 8 bytes, found \(bytes.count)") }
        let headerCount = bytes.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard headerCount <= UInt64(bytes.count - 8) else {
            throw SafetensorsError("a header of \(headerCount) bytes does not fit into a file of \(bytes.count)")
        }
        let dataStart = 8 + Int(headerCount)
        let header: [String: HeaderValue]
        do {
            header = try JSONDecoder().decode([String: HeaderValue].self, from: Data(bytes[8..<dataStart]))
        } catch {
            throw SafetensorsError("the header is not JSON of the expected form")
        }
        tensors = [:]
        metadata = [:]
        for (name, value) in header {
            switch value {
            case .metadata(let values):
                guard name == "__metadata__" else { throw SafetensorsError("tensor \"\(name)\" has no description") }
                metadata = values
            case .entry(let entry):
                tensors[name] = try Self.tensor(name, entry, in: bytes[dataStart...])
            }
        }
    }

    private static func tensor(_ name: String, _ entry: Entry, in data: ArraySlice<UInt8>) throws -> Tensor {
        guard entry.dtype == "F32" else {
            throw SafetensorsError("tensor \"\(name)\": expected F32, found \(entry.dtype)")
        }
        var byteCount = 4
        for dimension in entry.shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else {
                throw SafetensorsError("tensor \"\(name)\" has the impossible shape \(entry.shape)")
            }
            byteCount = product
        }
        let offsets = entry.dataOffsets
        guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= data.count,
            offsets[1] - offsets[0] == byteCount
        else {
            throw SafetensorsError(
                "tensor \"\(name)\" of shape \(entry.shape) with offsets \(offsets) in \(data.count) bytes of data")
        }
        let values = data.withUnsafeBytes { raw in
            (0..<byteCount / 4).map { index in
                let bits = raw.loadUnaligned(fromByteOffset: offsets[0] + 4 * index, as: UInt32.self)
                return Float(bitPattern: UInt32(littleEndian: bits))
            }
        }
        return Tensor(shape: entry.shape, values: values)
    }
}

public struct SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
    public let description: String

    init(_ description: String) {
        self.description = "not a usable safetensors file: \(description)"
    }
}
