import SeededRandom

extension SeededGenerator {
    /// Damages a safetensors file; see `mutated(_:syntax:)`.
    mutating func mutatedTensorFile(_ original: [UInt8]) -> [UInt8] {
        mutated(original, syntax: ["{", "}", "[", "]", "\"", ",", ":", "-", ".", "1e", "9", "00", "null", "F32"])
    }

    mutating func floats(count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1...1, using: &self) }
    }
}
