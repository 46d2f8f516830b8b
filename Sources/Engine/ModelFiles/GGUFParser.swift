internal import Diagnostics
internal import FileSystem

/// Reads a GGUF file's header: magic, version, counts, metadata, tensor descriptions.
///
/// The format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
struct GGUFParser {
    private var cursor: ByteCursor
    private let file: MappedFile

    /// `cursor` stands at the start of `file`.
    init(_ cursor: ByteCursor, file: MappedFile) {
        self.cursor = cursor
        self.file = file
    }

    /// What a tensor's description says, with its shape checked and its data not yet located.
    private struct TensorDescription {
        let name: String
        let type: TensorType
        let shape: [Int]
        let byteCount: Int
        /// From the start of the tensor data.
        let offset: UInt64
    }

    mutating func parse() throws -> (metadata: GGUFMetadata, tensors: [ModelTensor]) {
        try readMagicAndVersion()
        // The least a tensor takes: name length, dimension count, one dimension, type, offset.
        let tensorCount = try cursor.readCount(elementBytes: 8 + 4 + 8 + 4 + 8, "tensor count")
        // The least a pair takes: key length, one byte of key, value type, one byte of value.
        let pairCount = try cursor.readCount(elementBytes: 8 + 1 + 4 + 1, "metadata count")
        let metadata = try readMetadata(count: pairCount)

        var names = Set<String>()
        var descriptions: [TensorDescription] = []
        for _ in 0..<tensorCount {
            let description = try readTensorDescription()
            guard names.insert(description.name).inserted else {
                throw error(.tensor(description.name), "name", expected: "a name once", found: "it twice")
            }
            descriptions.append(description)
        }
        return (metadata, try locate(descriptions, alignment: try alignment(metadata)))
    }

    // MARK: Head

    private mutating func readMagicAndVersion() throws {
        let magic = cursor.bytes.prefix(4)
        guard magic.elementsEqual("GGUF".utf8) else {
            let found = magic.map { "0x" + ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
            throw error(.file, "first four bytes", expected: "\"GGUF\"", found: found.isEmpty ? "none" : found)
        }
        try cursor.skip(4, "magic")
        let version = try cursor.read(UInt32.self, "version")
        switch version {
        case 2, 3: return
        case 1: throw error(.byte(4), "version", expected: "2 or 3", found: "1, an obsolete layout; convert the file")
        case let other where (1...3).contains(other.byteSwapped):
            throw error(.byte(4), "byte order", expected: "little-endian", found: "a big-endian file; convert it")
        default: throw error(.byte(4), "version", expected: "2 or 3", found: "\(version)")
        }
    }

    // MARK: Metadata

    private mutating func readMetadata(count: Int) throws -> GGUFMetadata {
        var keys: [String] = []
        var values: [String: GGUFValue] = [:]
        for _ in 0..<count {
            let key = try readKey()
            let type = try cursor.readValueType(key.quoted)
            let value = try cursor.readValue(of: type, key.quoted)
            guard values.updateValue(value, forKey: key) == nil else {
                throw error(.key(key), "key", expected: "a key once", found: "it twice")
            }
            keys.append(key)
        }
        return GGUFMetadata(file: file, keys: keys, values: values)
    }

    /// Keys are ASCII by the specification, so a `String` compares them byte by byte.
    private mutating func readKey() throws -> String {
        let start = cursor.offset
        let bytes = cursor.bytes[try cursor.readString("metadata key")]
        guard !bytes.isEmpty, bytes.allSatisfy({ 0x20 < $0 && $0 < 0x7F }) else {
            let found = String(decoding: bytes.prefix(80), as: UTF8.self).quoted
            throw error(.byte(start), "metadata key", expected: "printable ASCII", found: found)
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Tensor data and each tensor in it start at multiples of this many bytes.
    private func alignment(_ metadata: GGUFMetadata) throws -> Int {
        let key = "general.alignment"
        let alignment = try metadata.unsignedIfPresent(key) ?? 32
        guard alignment.nonzeroBitCount == 1, alignment <= Int(UInt32.max) else {
            throw error(.key(key), "alignment", expected: "a power of two below 2^32", found: "\(alignment)")
        }
        return alignment
    }

    // MARK: Tensors

    private mutating func readTensorDescription() throws -> TensorDescription {
        let start = cursor.offset
        let nameRange = try cursor.readString("tensor name")
        guard let name = String(validating: cursor.bytes[nameRange], as: UTF8.self), !name.isEmpty else {
            throw error(.byte(start), "tensor name", expected: "UTF-8 text", found: "other bytes, or none")
        }
        let dimensionCount = try cursor.read(UInt32.self, "dimension count of \(name.quoted)")
        guard (1...4).contains(dimensionCount) else {
            throw error(.tensor(name), "dimension count", expected: "1 to 4", found: "\(dimensionCount)")
        }
        let what = "description of \(name.quoted)"
        let dimensions = try (0..<dimensionCount).map { _ in try cursor.read(UInt64.self, what) }
        let typeNumber = try cursor.read(UInt32.self, what)
        guard let type = TensorType(rawValue: typeNumber) else {
            let supported = TensorType.allCases.map { "\($0.rawValue) (\($0))" }.joined(separator: ", ")
            throw error(.tensor(name), "type", expected: "one of \(supported)", found: "\(typeNumber)")
        }
        let offset = try cursor.read(UInt64.self, what)
        let (shape, byteCount) = try checkedShape(dimensions, type: type, name: name)
        return TensorDescription(name: name, type: type, shape: shape, byteCount: byteCount, offset: offset)
    }

    /// The shape, outermost dimension first, of `dimensions` as in the file, innermost first; and the bytes it takes.
    private func checkedShape(
        _ dimensions: [UInt64], type: TensorType, name: String
    ) throws -> (shape: [Int], byteCount: Int) {
        let shape = dimensions.reversed().compactMap(Int.init(exactly:))
        guard shape.count == dimensions.count, !shape.contains(0) else {
            throw error(
                .tensor(name), "dimensions", expected: "each from 1 to \(Int.max)", found: "\(dimensions)")
        }
        let rowLength = shape[shape.count - 1]
        guard rowLength.isMultiple(of: type.blockLength) else {
            throw error(
                .tensor(name), "row length", expected: "a multiple of \(type.blockLength) for \(type)",
                found: "\(rowLength)")
        }
        var byteCount = type.blockBytes
        for factor in shape.dropLast() + [rowLength / type.blockLength] {
            let (product, overflow) = byteCount.multipliedReportingOverflow(by: factor)
            guard !overflow else {
                throw error(.tensor(name), "size", expected: "a shape that fits memory", found: "\(shape)")
            }
            byteCount = product
        }
        return (shape, byteCount)
    }

    /// Finds each tensor's bytes. The data starts at the first multiple of `alignment` after the header.
    private func locate(_ descriptions: [TensorDescription], alignment: Int) throws -> [ModelTensor] {
        let dataStart = (cursor.offset + alignment - 1) / alignment * alignment
        let ranges = try descriptions.map { tensor in
            guard tensor.offset.isMultiple(of: UInt64(alignment)) else {
                throw error(
                    .tensor(tensor.name), "offset", expected: "a multiple of \(alignment)", found: "\(tensor.offset)")
            }
            let available = max(0, cursor.bytes.count - dataStart)
            guard tensor.byteCount <= available, tensor.offset <= UInt64(available - tensor.byteCount) else {
                throw error(
                    .tensor(tensor.name), "data",
                    expected: "\(tensor.byteCount) bytes at offset \(tensor.offset) of the tensor data",
                    found: "\(available) bytes of tensor data in the file")
            }
            let start = dataStart + Int(tensor.offset)
            return start..<(start + tensor.byteCount)
        }
        try checkThatNoneOverlap(descriptions, ranges)
        return zip(descriptions, ranges).map { tensor, range in
            ModelTensor(name: tensor.name, type: tensor.type, shape: tensor.shape, file: file, range: range)
        }
    }

    /// Else a small file could hold a model of any size, in memory that is not small.
    private func checkThatNoneOverlap(_ descriptions: [TensorDescription], _ ranges: [Range<Int>]) throws {
        let ordered = ranges.indices.sorted { ranges[$0].lowerBound < ranges[$1].lowerBound }
        for (first, second) in zip(ordered, ordered.dropFirst()) where ranges[first].overlaps(ranges[second]) {
            throw error(
                .tensor(descriptions[second].name), "data", expected: "bytes of its own",
                found: "bytes of \(descriptions[first].name.quoted) among them")
        }
    }

    private func error(
        _ place: ModelFileError.Place, _ what: String, expected: String, found: String
    ) -> ModelFileError {
        ModelFileError(file: cursor.file, place: place, what: what, expected: expected, found: found)
    }
}
