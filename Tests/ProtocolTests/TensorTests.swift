import Protocol
import Testing

@Suite struct TensorTests {
    @Test func elementsLieLittleEndianInRowMajorOrder() {
        #expect(Tensor([1, -2] as [Float], shape: [2]).bytes == [0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
        #expect(Tensor([1] as [Double], shape: [1, 1]).bytes == [0, 0, 0, 0, 0, 0, 0xF0, 0x3F])
        #expect(Tensor(halves: [0x3C01, 0x8000], shape: [2, 1]).bytes == [1, 0x3C, 0, 0x80])
    }

    @Test func elementsComeOutAsTheyWentIn() throws {
        let floats: [Float] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, -.infinity, 0.1]
        let doubles: [Double] = [0, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, .infinity, 0.1]
        #expect(try Tensor(floats, shape: [3, 2]).floats().map(\.bitPattern) == floats.map(\.bitPattern))
        #expect(try Tensor(doubles, shape: [6]).doubles().map(\.bitPattern) == doubles.map(\.bitPattern))
    }

    @Test func bytesOfAFrameAreReadWithoutAlignment() throws {
        let tensor = Tensor([3, 4] as [Float], shape: [2])
        let frame = [UInt8](([9] + tensor.bytes).dropFirst())
        #expect(try Tensor(elementType: .f32, shape: [2], bytes: frame) == tensor)
        #expect(try Tensor(elementType: .f32, shape: [2], bytes: frame).floats() == [3, 4])
    }

    @Test(arguments: [([], 1), ([0], 0), ([2, 3], 6), ([7, 0, 4_294_967_295], 0)] as [([Int], Int)])
    func theShapeSaysHowManyElementsThereAre(_ shape: [Int], _ count: Int) throws {
        let tensor = try Tensor(elementType: .f64, shape: shape, bytes: Array(repeating: 0, count: 8 * count))
        #expect(tensor.elementCount == count)
        #expect(try tensor.doubles() == Array(repeating: 0, count: count))
    }

    @Test(arguments: [-8, -1, 1, 8]) func anotherNumberOfBytesThanTheShapeNeedsIsAnError(_ difference: Int) {
        #expect(throws: ProtocolError("tensor of shape [2, 3]: expected 48 bytes, found \(48 + difference)")) {
            try Tensor(elementType: .f64, shape: [2, 3], bytes: Array(repeating: 0, count: 48 + difference))
        }
    }

    @Test(arguments: [[.max, 2], [.max], [1 << 31, 1 << 31, 1 << 31], [-1], [2, -3, -4], [-1, 0]] as [[Int]])
    func aShapeThatCannotBeIsAnError(_ shape: [Int]) {
        #expect(throws: ProtocolError("tensor of impossible shape \(shape)")) {
            try Tensor(elementType: .f32, shape: shape, bytes: [0, 0, 0, 0])
        }
    }

    @Test func elementsAreNotReadAsAnotherType() {
        #expect(throws: ProtocolError("expected a tensor of f64, found f32")) {
            try Tensor([1, 2] as [Float], shape: [2]).doubles()
        }
        #expect(throws: ProtocolError("expected a tensor of f32, found f64")) {
            try Tensor([1] as [Double], shape: [1]).floats()
        }
    }

    @Test(arguments: [Double.nan, .signalingNaN, .infinity, -.infinity]) func oneElementThatIsNotFiniteIsFound(
        _ value: Double
    ) {
        for position in 0..<3 {
            var values = [1.0, -2, 3]
            values[position] = value
            #expect(!Tensor(values, shape: [3]).isFinite)
            #expect(!Tensor(values.map(Float.init), shape: [3]).isFinite)
        }
    }

    @Test func finiteElementsAreFinite() {
        #expect(Tensor([0, .greatestFiniteMagnitude, -.leastNonzeroMagnitude] as [Float], shape: [3]).isFinite)
        #expect(Tensor([0, .greatestFiniteMagnitude, -.leastNonzeroMagnitude] as [Double], shape: [3]).isFinite)
        #expect(Tensor([] as [Double], shape: [0]).isFinite)
    }
}
