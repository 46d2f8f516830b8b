import Foundation
import GGUFFixtures
import ModelFiles
import Testing

/// What a sound file gives, and what a wrong question is answered.
struct GGUFFileTests {
    @Test func everyTypeOfMetadataIsRead() throws {
        var builder = GGUFBuilder()
        builder.set("u8", .uint8(255))
        builder.set("i8", .int8(100))
        builder.set("u16", .uint16(65535))
        builder.set("i16", .int16(32767))
        builder.set("u32", .uint32(.max))
        builder.set("i32", .int32(.max))
        builder.set("u64", .uint64(UInt64(Int.max)))
        builder.set("i64", .int64(7))
        builder.set("f32", .float32(-0.25))
        builder.set("f64", .float64(1e-5))
        builder.set("yes", .bool(true))
        builder.set("no", .bool(false))
        builder.set("text", .string("naïve"))
        let metadata = try GGUFFile(bytes: builder.build()).metadata
        #expect(
            metadata.keys
                == ["u8", "i8", "u16", "i16", "u32", "i32", "u64", "i64", "f32", "f64", "yes", "no", "text"])
        #expect(
            try metadata.keys[..<8].map { try metadata.unsigned($0) }
                == [255, 100, 65535, 32767, 4_294_967_295, 2_147_483_647, Int.max, 7])
        #expect(try metadata.float("f32") == -0.25)
        #expect(try metadata.float("f64") == Float(1e-5))
        #expect(try metadata.bool("yes"))
        #expect(try metadata.bool("no") == false)
        #expect(try metadata.string("text") == "naïve")
    }

    @Test func everyTypeOfArrayIsRead() throws {
        var builder = GGUFBuilder()
        builder.set("strings", .strings([[0xFF, 0x00], [], Array("é".utf8)]))
        builder.set("integers", .int32s([-1, 0, .max]))
        builder.set("wide", .array(elementType: 10, [.uint64(3)]))
        builder.set("floats", .float32s([0.5, -2]))
        builder.set("bools", .bools([true, false]))
        builder.set("nested", .array(elementType: 9, [.int32s([1]), .strings(["a"]), .int32s([])]))
        builder.set("empty", .strings([String]()))
        builder.set("after", .uint32(1))
        let metadata = try GGUFFile(bytes: builder.build()).metadata
        #expect(try Array(metadata.strings("strings")) == [[0xFF, 0x00], [], Array("é".utf8)])
        #expect(try metadata.integers("integers") == [-1, 0, Int(Int32.max)])
        #expect(try metadata.integers("wide") == [3])
        #expect(try metadata.floats("floats") == [0.5, -2])
        #expect(try metadata.bools("bools") == [true, false])
        #expect(try metadata.strings("empty").isEmpty)
        #expect(try metadata.unsigned("after") == 1)
    }

    @Test func aMissingKeyIsNamedOrNil() throws {
        let metadata = try GGUFFile(bytes: GGUFBuilder().build()).metadata
        let error = #expect(throws: ModelFileError.self) { try metadata.unsigned("llama.block_count") }
        #expect(error?.description.contains("key \"llama.block_count\"") == true)
        #expect(try metadata.stringIfPresent("k") == nil)
        #expect(try metadata.unsignedIfPresent("k") == nil)
        #expect(try metadata.floatIfPresent("k") == nil)
        #expect(try metadata.boolIfPresent("k") == nil)
        #expect(try metadata.stringsIfPresent("k") == nil)
        #expect(try metadata.integersIfPresent("k") == nil)
        #expect(try metadata.floatsIfPresent("k") == nil)
        #expect(try metadata.boolsIfPresent("k") == nil)
    }

    @Test func aValueOfAnotherTypeIsAnErrorEvenWhereItIsOptional() throws {
        var builder = GGUFBuilder()
        builder.set("n", .uint32(3))
        builder.set("negative", .int32(-3))
        builder.set("huge", .uint64(.max))
        builder.set("s", .bytes([0xFF]))
        builder.set("array", .array(elementType: 10, [.uint64(.max)]))
        let metadata = try GGUFFile(bytes: builder.build()).metadata
        #expect(throws: ModelFileError.self) { try metadata.stringIfPresent("n") }
        #expect(throws: ModelFileError.self) { try metadata.floatIfPresent("n") }
        #expect(throws: ModelFileError.self) { try metadata.boolIfPresent("n") }
        #expect(throws: ModelFileError.self) { try metadata.stringsIfPresent("n") }
        #expect(throws: ModelFileError.self) { try metadata.integersIfPresent("s") }
        #expect(throws: ModelFileError.self) { try metadata.floatsIfPresent("array") }
        #expect(throws: ModelFileError.self) { try metadata.boolsIfPresent("array") }
        #expect(throws: ModelFileError.self) { try metadata.integersIfPresent("array") }
        #expect(throws: ModelFileError.self) { try metadata.unsignedIfPresent("huge") }
        #expect(throws: ModelFileError.self) { try metadata.stringIfPresent("s") }
        let error = #expect(throws: ModelFileError.self) { try metadata.unsignedIfPresent("negative") }
        #expect(error?.expected == "an integer from 0 to \(Int.max)")
        #expect(error?.found == "the integer -3")
    }

    @Test func aTensorsShapeIsOutermostFirst() throws {
        var builder = GGUFBuilder()
        builder.addTensor("first", shape: [3], [7, 8, 9])
        builder.addTensor("second", shape: [2, 2, 3], (0..<12).map(Float.init))
        let file = try GGUFFile(bytes: builder.build())
        #expect(file.tensorNames == ["first", "second"])
        let tensor = try file.tensor("second", shape: [2, 2, 3])
        #expect(tensor.type == .f32 && tensor.shape == [2, 2, 3] && tensor.rowCount == 4 && tensor.rowLength == 3)
        #expect(tensor.floats == (0..<12).map(Float.init))
        #expect(try file.tensor("first").floats == [7, 8, 9])
        #expect(tensor.withBytes(\.count) == 48)
    }

    @Test(arguments: [1, 8, 32, 4096]) func tensorsAreFoundAtEveryAlignment(_ alignment: Int) throws {
        var builder = GGUFBuilder()
        builder.alignment = alignment
        builder.addTensor("odd", type: .q8_0, shape: [32], bytes: [UInt8](repeating: 0, count: 34))
        builder.addTensor("f", shape: [2], [1, -2])
        #expect(try GGUFFile(bytes: builder.build()).tensor("f").floats == [1, -2])
    }

    @Test func aTensorOutlivesItsFileObject() throws {
        var builder = GGUFBuilder()
        builder.addTensor("t", shape: [2], [1, 2])
        var file: GGUFFile? = try GGUFFile(bytes: builder.build())
        let tensor = try #require(try file?.tensor("t"))
        file = nil
        #expect(tensor.floats == [1, 2])
    }

    @Test func aMissingTensorAndAWrongShapeNameTheTensor() throws {
        var builder = GGUFBuilder()
        builder.addTensor("output_norm.weight", shape: [2], [1, 2])
        let file = try GGUFFile(bytes: builder.build())
        let missing = #expect(throws: ModelFileError.self) { try file.tensor("blk.0.attn_q.weight") }
        #expect(missing?.description.contains("tensor \"blk.0.attn_q.weight\"") == true)
        let shape = #expect(throws: ModelFileError.self) { try file.tensor("output_norm.weight", shape: [576]) }
        #expect(
            shape?.description == "\(file.path): tensor \"output_norm.weight\": shape: expected [576], found [2]")
    }
}

extension ModelTensor {
    /// The stored values of a tensor of float32.
    fileprivate var floats: [Float] {
        withBytes { bytes in
            stride(from: 0, to: bytes.count, by: 4).map { offset in
                Float(bitPattern: UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self)))
            }
        }
    }
}
