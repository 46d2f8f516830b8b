import Safetensors
import SeededRandom
import Testing

@Suite struct HostileFileTests {
    @Test(arguments: 0..<8) func aFileWithoutTheHeadersLengthIsRefused(_ count: Int) {
        expectRefused(Array(repeating: 0, count: count), "expected at least 8 bytes, found \(count)")
    }

    @Test(arguments: [3, 1 << 31, 1 << 63, .max] as [UInt64]) func aHeaderLongerThanTheFileIsRefused(_ count: UInt64) {
        expectRefused(
            SafetensorsFile.bytes(headerCount: count, Array("{}".utf8)),
            "a header of \(count) bytes does not fit into a file of 10")
    }

    @Test(arguments: [
        "", " ", "{", "[]", "1", "null", "\"a\"", "{\"a\":1}", "{\"a\":[]}", "{\"a\":null}", "{} {}",
        #"{"a":{"dtype":"F32","shape":[1]}}"#, #"{"a":{"dtype":"F32","shape":1,"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[1.5],"data_offsets":[0,4]}}"#,
        #"{"a":{"dtype":"F32","shape":[99999999999999999999],"data_offsets":[0,4]}}"#,
        #"{"__metadata__":{"a":1}}"#,
    ])
    func aHeaderThatIsNotOfTheFormatIsRefused(_ header: String) {
        expectRefused(SafetensorsFile.bytes(header, data: [0, 0, 0, 0]), "the header is not JSON of the expected form")
    }

    @Test func aHeaderThatIsNotTextIsRefused() {
        expectRefused(
            SafetensorsFile.bytes(headerCount: 4, [0x7B, 0xFF, 0xFE, 0x7D]),
            "the header is not JSON of the expected form")
    }

    @Test(arguments: ["[", "{\"a\":"]) func aHeaderNestedWithoutEndIsRefused(_ piece: String) {
        expectRefused(
            SafetensorsFile.bytes(String(repeating: piece, count: 200_000)),
            "the header is not JSON of the expected form")
    }

    @Test(arguments: ["F4", "F8_E8M0", "f32", ""]) func anUnknownElementTypeIsRefused(_ type: String) {
        expectRefused(
            file(type: type, shape: "[1]", offsets: "[0,4]"),
            """
            tensor "a": expected one of BOOL, U8, I8, I16, U16, I32, U32, I64, U64, F16, BF16, F32, F64, F8_E4M3, F8_E5M2, \
            found "\(type)"
            """)
    }

    @Test func theSizeIsThatOfTheElementType() {
        expectRefused(
            file(type: "F64", shape: "[1]", offsets: "[0,4]"),
            "tensor \"a\" of shape [1] with offsets [0, 4] in 4 bytes of data")
    }

    @Test(
        arguments: [
            [-1], [-1, -1], [0, -1], [4_611_686_018_427_387_904], [65536, 65536, 65536, 65536], [.max, 0], [.min],
        ] as [[Int]])
    func aShapeThatCannotBeIsRefused(_ shape: [Int]) {
        expectRefused(
            file(shape: "\(shape)", offsets: "[0,4]"), "tensor \"a\" has the impossible shape \(shape)")
    }

    @Test(
        arguments: [
            [0, 8], [0, 0], [4, 0], [-4, 0], [1, 4], [2, 6], [4, 8], [0], [], [0, 4, 8], [.max, .max], [.min, .max],
            [.min, 4], [-9_223_372_036_854_775_804, 0],
        ] as [[Int]])
    func offsetsThatDoNotFitTheShapeOrTheDataAreRefused(_ offsets: [Int]) {
        expectRefused(
            file(shape: "[1]", offsets: "\(offsets)"),
            "tensor \"a\" of shape [1] with offsets \(offsets) in 4 bytes of data")
    }

    /// Each line of a header could make another copy of the data.
    @Test(arguments: [("[0,4]", "[0,4]"), ("[0,8]", "[4,8]"), ("[0,8]", "[0,4]")])
    func tensorsThatShareBytesAreRefused(_ first: String, _ second: String) {
        let shapes = ["[0,4]": "[1]", "[4,8]": "[1]", "[0,8]": "[2]"]
        let entries = zip(["a", "b"], [first, second]).map { name, offsets in
            #""\#(name)":{"dtype":"F32","shape":\#(shapes[offsets] ?? ""),"data_offsets":\#(offsets)}"#
        }
        let error = #expect(throws: SafetensorsError.self) {
            try TensorFile(
                serialized: SafetensorsFile.bytes(
                    "{\(entries.joined(separator: ","))}", data: [0, 0, 0, 0, 0, 0, 0, 0]))
        }
        #expect(error?.description.contains("have bytes in common") == true, "\(String(describing: error))")
    }

    @Test func onlyMetadataMayHaveNoTensor() {
        expectRefused(SafetensorsFile.bytes(#"{"a":{"b":"c"}}"#), "tensor \"a\" has no description")
    }

    @Test func aHostileNameIsShownWithoutWhatControlsATerminal() {
        expectRefused(
            SafetensorsFile.bytes(#"{"\u001b[2J\"":{"b":"c"}}"#), #"tensor "\u{1B}[2J\"" has no description"#)
    }

    @Test func everyTruncatedFileIsRefused() throws {
        let bytes = try TensorFileTests.sample.serialized()
        for count in bytes.indices {
            #expect(throws: SafetensorsError.self, "\(count) bytes") {
                try TensorFile(serialized: Array(bytes.prefix(count)))
            }
        }
    }

    /// A damaged file is an error, or it holds tensors of the damaged values: as many as its shapes say.
    @Test(arguments: 1...4 as ClosedRange<UInt64>) func aDamagedFileIsNeverACrash(_ seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let original = try TensorFileTests.sample.serialized()
        var refused = 0
        for round in 0..<2500 {
            let damaged = random.mutatedTensorFile(original)
            do {
                let file = try TensorFile(serialized: damaged)
                for tensor in file.tensors.values {
                    #expect(tensor.values.count == tensor.shape.reduce(1, *), "seed \(seed), round \(round)")
                    #expect(tensor.values.count <= damaged.count, "seed \(seed), round \(round)")
                }
            } catch is SafetensorsError {
                refused += 1
            }
        }
        #expect(refused > 1000 && refused < 2500, "\(refused) of 2500 refused")
    }

    @Test func randomBytesAreNoFile() {
        var random = SeededGenerator(seed: 9)
        for round in 0..<2000 {
            let rest = (0..<Int.random(in: 0...100, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            let count = UInt64.random(in: 0...UInt64(rest.count), using: &random)
            #expect(throws: SafetensorsError.self, "round \(round)") {
                try TensorFile(serialized: SafetensorsFile.bytes(headerCount: count, rest))
            }
        }
    }

    private func file(type: String = "F32", shape: String, offsets: String) -> [UInt8] {
        SafetensorsFile.bytes(
            #"{"a":{"dtype":"\#(type)","shape":\#(shape),"data_offsets":\#(offsets)}}"#, data: [0, 0, 0, 0])
    }

    private func expectRefused(_ bytes: [UInt8], _ problem: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let error = #expect(throws: SafetensorsError.self, sourceLocation: sourceLocation) {
            try TensorFile(serialized: bytes)
        }
        #expect(
            error?.description == "not a usable safetensors file: \(problem)", sourceLocation: sourceLocation)
    }
}
