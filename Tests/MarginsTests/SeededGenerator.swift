import SeededRandom

extension SeededGenerator {
    mutating func floats(count: Int) -> [Float] {
        (0..<count).map { _ in Float.random(in: -1...1, using: &self) }
    }
}
