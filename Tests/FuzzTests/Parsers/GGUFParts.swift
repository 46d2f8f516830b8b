import ModelFiles
import SeededRandom

/// A GGUF file in parts: its first eight bytes, then pairs, descriptions of tensors and data, each with a letter before it
/// that says which it is. The file is put together with the right counts, places and alignment.
enum GGUFParts {
    private static let (pairMark, tensorMark, dataMark) = (UInt8(ascii: "p"), UInt8(ascii: "t"), UInt8(ascii: "d"))
    private static let alignment = 32

    static let head = Array("GGUF".utf8) + littleEndian(3 as UInt32)

    // MARK: Parts

    static func pair(_ key: String, _ text: String) -> [UInt8] { pair(key, type: 8, string(Array(text.utf8))) }
    static func pair(_ key: String, _ number: UInt32) -> [UInt8] { pair(key, type: 4, littleEndian(number)) }
    static func pair(_ key: String, _ number: UInt64) -> [UInt8] { pair(key, type: 10, littleEndian(number)) }
    static func pair(_ key: String, _ number: Float) -> [UInt8] { pair(key, type: 6, littleEndian(number.bitPattern)) }
    static func pair(_ key: String, _ number: Double) -> [UInt8] {
        pair(key, type: 12, littleEndian(number.bitPattern))
    }
    static func pair(_ key: String, _ flag: Bool) -> [UInt8] { pair(key, type: 7, [flag ? 1 : 0]) }

    static func pair(_ key: String, _ texts: [String]) -> [UInt8] {
        pair(key, type: 9, array(type: 8, count: texts.count, texts.flatMap { string(Array($0.utf8)) }))
    }

    static func pair(_ key: String, _ numbers: [Int32]) -> [UInt8] {
        pair(key, type: 9, array(type: 5, count: numbers.count, numbers.flatMap { littleEndian($0) }))
    }

    static func pair(_ key: String, _ flags: [Bool]) -> [UInt8] {
        pair(key, type: 9, array(type: 7, count: flags.count, flags.map { $0 ? 1 : 0 }))
    }

    static func pair(_ key: String, _ numbers: [Float]) -> [UInt8] {
        pair(key, type: 9, array(type: 6, count: numbers.count, numbers.flatMap { littleEndian($0.bitPattern) }))
    }

    /// One array in another, `depth` times.
    static func pair(_ key: String, nested depth: Int) -> [UInt8] {
        let innermost = array(type: 0, count: 2, [1, 2])
        return pair(key, type: 9, (1..<depth).reduce(innermost) { inner, _ in array(type: 9, count: 1, inner) })
    }

    /// Tensors, each with its data behind those before it.
    static func tensors(_ tensors: [(name: String, type: TensorType, shape: [Int], bytes: [UInt8])]) -> [[UInt8]] {
        var offset = 0
        var descriptions: [[UInt8]] = []
        var data: [[UInt8]] = []
        for tensor in tensors {
            var description = [tensorMark] + string(Array(tensor.name.utf8)) + littleEndian(UInt32(tensor.shape.count))
            for dimension in tensor.shape.reversed() { description += littleEndian(UInt64(dimension)) }
            descriptions.append(description + littleEndian(tensor.type.rawValue) + littleEndian(UInt64(offset)))
            data.append([dataMark] + tensor.bytes + padding(tensor.bytes.count))
            offset += data[data.count - 1].count - 1
        }
        return descriptions + data
    }

    static func values(_ values: [Float]) -> [UInt8] { values.flatMap { littleEndian($0.bitPattern) } }

    // MARK: Files

    @Sendable static func assemble(_ parts: [[UInt8]], _ random: inout Mutator) -> [[UInt8]] {
        func marked(_ mark: UInt8) -> [[UInt8]] {
            parts.dropFirst().filter { $0.first == mark }.map { Array($0[1...]) }
        }
        let (pairs, tensors) = (marked(pairMark), marked(tensorMark))
        var counts = [UInt64(tensors.count), UInt64(pairs.count)]
        if random.oneIn(32) { counts[random.below(2)] = random.pick(Mutator.integers) }
        var file = (parts.first ?? []) + counts.flatMap { littleEndian($0) }
        file += (pairs + tensors).joined()
        file += padding(file.count) + marked(dataMark).joined()
        return [file]
    }

    private static func padding(_ count: Int) -> [UInt8] {
        [UInt8](repeating: 0, count: (alignment - count % alignment) % alignment)
    }

    private static func pair(_ key: String, type: UInt32, _ value: [UInt8]) -> [UInt8] {
        [pairMark] + string(Array(key.utf8)) + littleEndian(type) + value
    }

    private static func array(type: UInt32, count: Int, _ elements: [UInt8]) -> [UInt8] {
        littleEndian(type) + littleEndian(UInt64(count)) + elements
    }

    private static func string(_ bytes: [UInt8]) -> [UInt8] { littleEndian(UInt64(bytes.count)) + bytes }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}
