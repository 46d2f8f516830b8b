import Foundation
import Safetensors
import Testing

@Suite struct TensorFileTests {
    static let sample = TensorFile(
        tensors: [
            "direction": .init(shape: [2, 3], values: [1, -0.0, .infinity, .leastNonzeroMagnitude, -2.5, 3]),
            "bias": .init(shape: [], values: [7]),
            "nothing": .init(shape: [0, 4], values: []),
            "läyer \"0\"/x": .init(shape: [1], values: [.greatestFiniteMagnitude]),
        ],
        metadata: ["legend.layers": "[-1]", "note": "é \u{1F642} / \\ \n"])

    @Test func aFileIsReadAsItWasWritten() throws {
        #expect(try TensorFile(serialized: Self.sample.serialized()) == Self.sample)
    }

    @Test func aFileWithoutTensorsOrMetadataIsReadAsItWasWritten() throws {
        let empty = TensorFile(tensors: [:], metadata: [:])
        #expect(try TensorFile(serialized: empty.serialized()) == empty)
        let plain = TensorFile(tensors: ["a": .init(shape: [1], values: [1])], metadata: [:])
        #expect(try TensorFile(serialized: plain.serialized()) == plain)
    }

    @Test func everyBitOfAValueIsKept() throws {
        let bits: [UInt32] = [0x7FC0_1234, 0xFF80_0000, 0x8000_0000, 1, 0x3F80_0001]
        let file = TensorFile(
            tensors: ["a": .init(shape: [bits.count], values: bits.map(Float.init(bitPattern:)))], metadata: [:])
        let read = try TensorFile(serialized: file.serialized())
        #expect(read.tensors["a"]?.values.map(\.bitPattern) == bits)
    }

    @Test func theSameContentsGiveTheSameBytesInWhateverOrderTheyCame() throws {
        let names = (0..<50).map { "tensor.\($0)" }
        func file(_ names: [String]) throws -> [UInt8] {
            var file = TensorFile(tensors: [:], metadata: [:])
            for name in names {
                file.tensors[name] = .init(shape: [1], values: [Float(name.count)])
                file.metadata[name] = name
            }
            return try file.serialized()
        }
        #expect(try file(names) == file(names.reversed()))
    }

    /// https://github.com/huggingface/safetensors#format, checked without our own reader.
    @Test func theLayoutIsThatOfTheFormat() throws {
        let bytes = try Self.sample.serialized()
        let headerCount = (0..<8).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
        #expect((8 + headerCount) % 8 == 0)
        #expect(bytes[8] == UInt8(ascii: "{"))
        let json = try JSONSerialization.jsonObject(with: Data(bytes[8..<8 + headerCount]))
        let header = try #require(json as? [String: [String: Any]])
        #expect(header["__metadata__"] as? [String: String] == Self.sample.metadata)
        #expect(Set(header.keys) == Set(Self.sample.tensors.keys).union(["__metadata__"]))

        var spans: [(start: Int, end: Int)] = []
        for (name, tensor) in Self.sample.tensors {
            let entry = try #require(header[name])
            #expect(entry["dtype"] as? String == "F32")
            #expect(entry["shape"] as? [Int] == tensor.shape)
            let offsets = try #require(entry["data_offsets"] as? [Int])
            spans.append((offsets[0], offsets[1]))
            let data = bytes[(8 + headerCount + offsets[0])..<(8 + headerCount + offsets[1])]
            #expect(Array(data) == littleEndian(tensor.values))
        }
        var end = 0
        for span in spans.sorted(by: { ($0.start, $0.end) < ($1.start, $1.end) }) {
            #expect(span.start == end)
            end = span.end
        }
        #expect(8 + headerCount + end == bytes.count)
    }

    private func littleEndian(_ values: [Float]) -> [UInt8] {
        values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian, Array.init) }
    }

    @Test func aHeaderFillsTheRoomThatIsGivenToIt() throws {
        var header = SafetensorsHeader(metadata: ["a": "b"])
        header.append("vectors", .f16, shape: [3, 1, 5])
        header.append("rows", .i64, shape: [3])
        header.append("scale", .f32, shape: [3, 1])
        let bytes = try header.serialized(byteCount: 512)
        #expect(bytes.count == 512 && bytes.last == UInt8(ascii: " "))
        #expect(try SafetensorsHeader.byteCount(prefix: bytes.prefix(8), fileBytes: 512 + 66) == 512)
        let read = try SafetensorsHeader(serialized: bytes[...], dataBytes: 66)
        #expect(read == header)
        #expect(read.tensors["rows"]?.range == 30..<54 && read.tensors["scale"]?.type == .f32)
        #expect(throws: SafetensorsError.self) { try SafetensorsHeader(serialized: bytes[...], dataBytes: 65) }
        #expect(throws: SafetensorsError.self) { try header.serialized(byteCount: 64) }
    }

    @Test func aFileOfAnotherWriterIsRead() throws {
        let header =
            #" {"b":{"shape":[2],"data_offsets":[4,12],"dtype":"F32"},"a":{"dtype":"F32","shape":[1,1],"#
            + #""data_offsets":[0,4]},"__metadata__":{"format":"pt","dtype":"F32"}} "#
        let file = try TensorFile(
            serialized: SafetensorsFile.bytes(header, data: [0, 0, 0x80, 0x3F, 0, 0, 0, 0x40, 0, 0, 0, 0xC0]))
        #expect(
            file
                == TensorFile(
                    tensors: ["a": .init(shape: [1, 1], values: [1]), "b": .init(shape: [2], values: [2, -2])],
                    metadata: ["format": "pt", "dtype": "F32"]))
    }
}

enum SafetensorsFile {
    /// A file with this header, whatever it says.
    static func bytes(_ header: String, data: [UInt8] = []) -> [UInt8] {
        bytes(headerCount: UInt64(header.utf8.count), Array(header.utf8) + data)
    }

    static func bytes(headerCount: UInt64, _ rest: [UInt8]) -> [UInt8] {
        (0..<8).map { UInt8(headerCount >> (8 * $0) & 255) } + rest
    }
}
