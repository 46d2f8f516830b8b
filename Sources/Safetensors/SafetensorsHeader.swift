internal import Diagnostics
internal import Foundation

/// What a safetensors file says of its tensors: https://github.com/huggingface/safetensors#format.
///
/// The file begins with the header's length (u64, little-endian) and the header (JSON); then come the tensors' bytes.
package struct SafetensorsHeader: Hashable, Sendable {
    package struct Tensor: Hashable, Sendable {
        package let type: ElementType

        /// Outermost dimension first.
        package let shape: [Int]

        /// Where its bytes are in the data behind the header.
        package let range: Range<Int>
    }

    package private(set) var tensors: [String: Tensor] = [:]
    package let metadata: [String: String]

    /// Bytes of the tensors that were appended.
    private var dataBytes = 0

    package init(metadata: [String: String]) {
        self.metadata = metadata
    }

    /// Puts a tensor behind those that are there.
    ///
    /// - Precondition: its size can be counted.
    package mutating func append(_ name: String, _ type: ElementType, shape: [Int]) {
        let end = dataBytes + shape.reduce(type.byteCount, *)
        tensors[name] = Tensor(type: type, shape: shape, range: dataBytes..<end)
        dataBytes = end
    }
}

// MARK: - As bytes

extension SafetensorsHeader {
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

    private enum Value: Codable {
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

    /// A longer header is no header: the limit of the format's own library.
    private static let byteCountMax: UInt64 = 100_000_000

    /// All that stands before the data: length and header.
    ///
    /// - Parameter byteCount: how many bytes that is to be, a multiple of 8; nil: as few as it takes.
    /// - Throws: `SafetensorsError` where the header does not fit.
    package func serialized(byteCount: Int? = nil) throws -> [UInt8] {
        var values = tensors.mapValues {
            Value.entry(
                Entry(
                    dtype: $0.type.rawValue, shape: $0.shape, dataOffsets: [$0.range.lowerBound, $0.range.upperBound])
            )
        }
        if !metadata.isEmpty { values["__metadata__"] = .metadata(metadata) }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        var json = [UInt8](try encoder.encode(values))
        // Readers expect the data at a multiple of 8.
        let padding = byteCount.map { $0 - 8 - json.count } ?? (8 - json.count % 8) % 8
        guard padding >= 0 else {
            throw SafetensorsError("a header of \(json.count) bytes does not fit into \(byteCount ?? 0)")
        }
        json += Array(repeating: UInt8(ascii: " "), count: padding)
        return withUnsafeBytes(of: UInt64(json.count).littleEndian, Array.init) + json
    }

    /// How many bytes stand before the data of a file that begins with `prefix`, its first 8 bytes.
    ///
    /// - Throws: `SafetensorsError` where that cannot be.
    package static func byteCount(prefix: ArraySlice<UInt8>, fileBytes: Int) throws -> Int {
        guard prefix.count == 8 else { throw SafetensorsError("expected at least 8 bytes, found \(prefix.count)") }
        let count = prefix.withUnsafeBytes { UInt64(littleEndian: $0.loadUnaligned(as: UInt64.self)) }
        guard count <= UInt64(fileBytes - 8), count <= byteCountMax else {
            throw SafetensorsError("a header of \(count) bytes does not fit into a file of \(fileBytes)")
        }
        return 8 + Int(count)
    }

    /// - Parameters:
    ///   - bytes: all that stands before the data.
    ///   - dataBytes: what stands behind it.
    /// - Throws: `SafetensorsError` where the header is none, or has tensors of types that are not known or beyond the data.
    package init(serialized bytes: ArraySlice<UInt8>, dataBytes: Int) throws {
        let values: [String: Value]
        do {
            values = try JSONDecoder().decode([String: Value].self, from: Data(bytes.dropFirst(8)))
        } catch {
            throw SafetensorsError("the header is not JSON of the expected form")
        }
        var metadata: [String: String] = [:]
        for (name, value) in values {
            switch value {
            case .metadata(let found):
                guard name == "__metadata__" else { throw SafetensorsError("tensor \(name.quoted) has no description") }
                metadata = found
            case .entry(let entry): tensors[name] = try Self.tensor(name, entry, dataBytes: dataBytes)
            }
        }
        self.metadata = metadata
        self.dataBytes = dataBytes
        try checkThatNoneOverlap()
    }

    /// As the format asks. Else a few bytes of data would become a tensor for each line of a header.
    private func checkThatNoneOverlap() throws {
        let ordered = tensors.sorted {
            ($0.value.range.lowerBound, $0.value.range.upperBound) < (
                $1.value.range.lowerBound, $1.value.range.upperBound
            )
        }
        for (first, second) in zip(ordered, ordered.dropFirst())
        where second.value.range.lowerBound < first.value.range.upperBound {
            throw SafetensorsError("tensors \(first.key.quoted) and \(second.key.quoted) have bytes in common")
        }
    }

    private static func tensor(_ name: String, _ entry: Entry, dataBytes: Int) throws -> Tensor {
        guard let type = ElementType(rawValue: entry.dtype) else {
            let known = ElementType.allCases.map(\.rawValue).joined(separator: ", ")
            throw SafetensorsError("tensor \(name.quoted): expected one of \(known), found \(entry.dtype.quoted)")
        }
        var byteCount = type.byteCount
        for dimension in entry.shape {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: dimension)
            guard dimension >= 0, !overflow else {
                throw SafetensorsError("tensor \(name.quoted) has the impossible shape \(entry.shape)")
            }
            byteCount = product
        }
        let offsets = entry.dataOffsets
        guard offsets.count == 2, offsets[0] >= 0, offsets[0] <= offsets[1], offsets[1] <= dataBytes,
            offsets[1] - offsets[0] == byteCount
        else {
            throw SafetensorsError(
                "tensor \(name.quoted) of shape \(entry.shape) with offsets \(offsets) in \(dataBytes) bytes of data")
        }
        return Tensor(type: type, shape: entry.shape, range: offsets[0]..<offsets[1])
    }
}

/// What is wrong with a safetensors file.
package struct SafetensorsError: Error, Hashable, Sendable, CustomStringConvertible {
    private let problem: String

    init(_ problem: String) {
        self.problem = problem
    }

    /// The same of a tensor.
    func of(_ tensor: String) -> SafetensorsError { SafetensorsError("tensor \(tensor.quoted): \(problem)") }

    package var description: String { "not a usable safetensors file: \(problem)" }
}
