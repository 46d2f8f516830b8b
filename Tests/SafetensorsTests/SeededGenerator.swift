import SeededRandom

extension SeededGenerator {
    /// Damages a safetensors file; see `mutated(_:syntax:)`.
    mutating func mutatedTensorFile(_ original: [UInt8]) -> [UInt8] {
        mutated(original, syntax: ["{", "}", "[", "]", "\"", ",", ":", "-", ".", "1e", "9", "00", "null", "F32"])
    }
}
