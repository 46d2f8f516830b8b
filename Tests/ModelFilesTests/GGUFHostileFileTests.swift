import Foundation
import GGUFFixtures
import ModelFiles
import SeededRandom
import Testing
import Tokenizers

/// Files that lie, end early or are damaged: always an error with a place, never a crash.
struct GGUFHostileFileTests {
    // MARK: Single lies

    /// One fault, and what its error has to say.
    struct Lie: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let message: String
        let bytes: [UInt8]

        /// A file that says something wrong.
        init(_ description: String, says message: String, _ change: (inout GGUFBuilder) -> Void) {
            var builder = GGUFBuilder()
            change(&builder)
            self.init(description, says: message, bytes: builder.build())
        }

        /// A file that no builder would write.
        init(_ description: String, says message: String, bytes: [UInt8]) {
            testDescription = description
            self.message = message
            self.bytes = bytes
        }
    }

    /// The file that `change` asks for, with `value` written over the bytes at `offset`.
    private static func patched<T: FixedWidthInteger>(
        at offset: Int, with value: T, _ change: (inout GGUFBuilder) -> Void = { _ in }
    ) -> [UInt8] {
        var builder = GGUFBuilder()
        change(&builder)
        let bytes = builder.build()
        let patch = withUnsafeBytes(of: value.littleEndian) { Array($0) }
        return Array(bytes[..<offset]) + patch + bytes[(offset + patch.count)...]
    }

    static let headLies = [
        Lie("empty", says: "empty file", bytes: []),
        Lie("other magic", says: "expected \"GGUF\"", bytes: Array("GGML".utf8) + zeros(40)),
        Lie("magic alone", says: "version: expected 4 bytes", bytes: Array("GGUF".utf8)),
        Lie("version 1", says: "obsolete layout") { $0.version = 1 },
        Lie("version 4", says: "expected 2 or 3, found 4") { $0.version = 4 },
        Lie("big-endian", says: "big-endian") { $0.version = UInt32(3).byteSwapped },
        Lie("2^60 tensors", says: "tensor count", bytes: patched(at: 8, with: UInt64(1) << 60)),
        Lie("2^64 - 1 pairs", says: "metadata count", bytes: patched(at: 16, with: UInt64.max)),
    ]

    static let metadataLies = [
        Lie("the same key twice", says: "found it twice") {
            $0.set("k", .uint8(1))
            $0.set("k", .uint8(1))
        },
        Lie("an empty key", says: "printable ASCII") { $0.set("", .uint32(1)) },
        Lie("a key of other letters", says: "printable ASCII") { $0.set("clé", .uint8(1)) },
        Lie(
            "a key of 2^63 bytes", says: "length of metadata key",
            bytes: patched(at: 24, with: UInt64(1) << 63) { $0.set("key", .uint64(1)) }),
        Lie(
            "a value of type 13", says: "expected 0 to 12, found 13",
            bytes: patched(at: 33, with: UInt32(13)) { $0.set("k", .uint64(1)) }),
        Lie(
            "a bool of 2", says: "0 or 1",
            bytes: patched(at: 37, with: UInt8(2)) { $0.set("k", .bool(true)) }),
        Lie(
            "an array of 2^61 64-bit integers", says: "count of \"k\"",
            bytes: patched(at: 41, with: UInt64(1) << 61) { $0.set("k", .array(elementType: 10, [])) }),
        Lie("arrays nested 9 deep", says: "nested at most 8 deep") { $0.set("k", nested(9)) },
        Lie("alignment 0", says: "power of two") { $0.set("general.alignment", .uint32(0)) },
        Lie("alignment 48", says: "power of two") { $0.set("general.alignment", .uint32(48)) },
        Lie("alignment 2^62", says: "power of two") { $0.set("general.alignment", .uint64(1 << 62)) },
        Lie("alignment in words", says: "expected an integer") { $0.set("general.alignment", .string("32")) },
    ]

    static let tensorLies = [
        Lie("the same name twice", says: "found it twice") {
            $0.addTensor("t", shape: [1], [1])
            $0.addTensor("t", shape: [1], [1])
        },
        Lie("no name", says: "tensor name") { $0.addTensor("", shape: [1], [1]) },
        Lie("no dimensions", says: "1 to 4, found 0") { $0.addTensor("t", type: .f32, shape: [], bytes: zeros(40)) },
        Lie("5 dimensions", says: "1 to 4, found 5") { $0.addTensor("t", shape: [1, 1, 1, 1, 1], [1]) },
        Lie("a dimension of 0", says: "each from 1") { $0.addTensor("t", shape: [0, 4], []) },
        Lie("a negative dimension", says: "each from 1") {
            $0.addTensor("t", type: .f32, shape: [-4], bytes: zeros(4))
        },
        Lie("type 4, which is gone", says: "one of 0 (f32)") {
            $0.addTensor("t", type: 4, shape: [32], bytes: zeros(40))
        },
        Lie("half a block in a row", says: "a multiple of 32 for q4_1") {
            $0.addTensor("t", type: .q4_1, shape: [2, 16], bytes: zeros(20))
        },
        Lie("2^62 x 2^62 values", says: "a shape that fits memory") {
            $0.addTensor("t", type: .f16, shape: [1 << 62, 1 << 62], bytes: zeros(2))
        },
        Lie("2^61 x 2 f32 values", says: "a shape that fits memory") {
            $0.addTensor("t", type: .f32, shape: [2, 1 << 61], bytes: zeros(4))
        },
        Lie("one row too many", says: "data: expected 12 bytes") {
            $0.addTensor("t", type: .f32, shape: [3, 1], bytes: zeros(8))
        },
        Lie(
            "an offset between two alignments", says: "a multiple of 32, found 4",
            bytes: patched(at: 49, with: UInt64(4)) { $0.addTensor("t", shape: [1], [1]) }),
        Lie(
            "an offset near 2^64", says: "data: expected 4 bytes at offset",
            bytes: patched(at: 49, with: UInt64.max - 31) { $0.addTensor("t", shape: [1], [1]) }),
        Lie(
            "two tensors in the same bytes", says: "bytes of its own, found bytes of \"a\"",
            bytes: patched(at: 82, with: UInt64(32)) {
                $0.addTensor("a", shape: [16], [Float](repeating: 0, count: 16))
                $0.addTensor("b", shape: [8], [Float](repeating: 0, count: 8))
            }),
    ]

    @Test(arguments: headLies + metadataLies + tensorLies)
    func everyLieIsRefusedWithWhatIsWrong(_ lie: Lie) throws {
        let error = #expect(throws: ModelFileError.self) { try GGUFFile(bytes: lie.bytes) }
        #expect(error?.description.contains(lie.message) == true, "\(String(describing: error))")
    }

    @Test(arguments: [
        ("/no/such/file.gguf", "cannot open: No such file or directory"),
        (NSTemporaryDirectory(), "expected a regular file, found something else"),
        ("/dev/null", "expected a regular file, found something else"),
    ])
    func whatIsNoFileIsRefused(_ path: String, _ problem: String) throws {
        let error = #expect(throws: ModelFileError.self) { try GGUFFile(path: path) }
        #expect(error?.description == "\(path): \(problem)")
    }

    // MARK: Damage

    /// A complete small model: all kinds of metadata, a tokenizer, a tensor of every type.
    static let smallModel: [UInt8] = {
        var builder = GGUFBuilder(
            vocabulary: .init(
                merges: [("h", "e"), ("l", "l"), ("he", "ll"), ("hell", "o")], special: [("<|end|>", 3)]))
        builder.set("nested", .array(elementType: 9, [.int32s([1, 2]), .strings(["a", "b"])]))
        builder.set("float", .float64(0.5))
        var random = SeededGenerator(seed: 1)
        for type in TensorType.allCases {
            let length = 2 * type.blockLength
            builder.addTensor("\(type)", type: type, shape: [1, length], bytes: random.bytes(2 * type.blockBytes))
        }
        return builder.build()
    }()

    @Test func everyTruncationIsRefused() throws {
        let model = Self.smallModel
        let step = max(1, model.count / 700)
        for count in stride(from: 0, to: model.count, by: step) {
            #expect(throws: ModelFileError.self, "\(count) of \(model.count) bytes") {
                try GGUFFile(bytes: Array(model[..<count]))
            }
        }
    }

    @Test(arguments: 0..<8) func noMutationCrashes(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var refused = 0
        for _ in 0..<500 {
            var bytes = Self.smallModel
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                // Half of the mutations hit the head, where the counts are.
                let reach = Bool.random(using: &random) ? bytes.count : min(bytes.count, 400)
                bytes[Int.random(in: 0..<reach, using: &random)] =
                    [0, 1, 0x7F, 0x80, 0xFF, random.bytes(1)[0]]
                    .randomElement(using: &random) ?? 0
            }
            do { try readEverything(GGUFFile(bytes: bytes)) } catch is ModelFileError { refused += 1 }
        }
        print("seed \(seed): \(refused) of 500 mutated files refused, the others read to the end")
        #expect(refused > 50 && refused < 500)
    }

    /// Uses all that a file that was accepted offers.
    private func readEverything(_ file: GGUFFile) throws {
        for name in file.tensorNames { _ = try file.tensor(name).withBytes { $0.reduce(0, &+) } }
        for key in file.metadata.keys {
            _ = try? file.metadata.string(key)
            _ = try? file.metadata.unsigned(key)
            _ = try? file.metadata.float(key)
            _ = try? file.metadata.bool(key)
            _ = try? file.metadata.integers(key)
            _ = try? file.metadata.floats(key)
            _ = try? file.metadata.bools(key)
            if let strings = try? file.metadata.strings(key) { for string in strings { _ = string.count } }
        }
        let text = Array("hello <|end|> there".utf8) + [0xFF]
        let tokens = try Tokenizer(gguf: file).encode(text, controlTokens: .everywhere, addBOS: false)
        #expect(tokens.last?.bytes.upperBound ?? text.count == text.count)
    }

    // MARK: Helpers

    private static func zeros(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }

    private static func nested(_ depth: Int) -> GGUFBuilder.Value {
        depth == 1 ? .int32s([1]) : .array(elementType: 9, [nested(depth - 1)])
    }
}
