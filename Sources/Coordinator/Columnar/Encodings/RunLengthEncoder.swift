/// Writes numbers as runs of equal ones and as bit-packed groups of eight: what ``RunLengthDecoder`` reads.
enum RunLengthEncoder {
    /// - Parameter width: bits of a number, 0 to 32; none of the numbers has more.
    static func append<Number: BinaryInteger>(_ numbers: [Number], width: Int, to bytes: inout [UInt8]) {
        var index = 0
        var literalStart = 0
        while index < numbers.count {
            var end = index + 1
            while end < numbers.count, numbers[end] == numbers[index] { end += 1 }
            // A run begins only where a group of eight has ended.
            if end - index >= 8 {
                appendPacked(numbers[literalStart..<index], width: width, to: &bytes)
                bytes.append(varint: UInt64(end - index) << 1)
                let value = UInt64(numbers[index])
                for byte in 0..<((width + 7) / 8) { bytes.append(UInt8(truncatingIfNeeded: value >> UInt64(8 * byte))) }
                index = end
                literalStart = end
            } else {
                index = min(index + 8, numbers.count)
            }
        }
        appendPacked(numbers[literalStart...], width: width, to: &bytes)
    }

    private static func appendPacked<Number: BinaryInteger>(
        _ numbers: ArraySlice<Number>, width: Int, to bytes: inout [UInt8]
    ) {
        guard !numbers.isEmpty else { return }
        let groups = (numbers.count + 7) / 8
        bytes.append(varint: UInt64(groups) << 1 | 1)
        let end = bytes.count + groups * width
        var (bits, count): (UInt64, Int) = (0, 0)
        for number in numbers {
            bits |= UInt64(number) << UInt64(count)
            count += width
            while count >= 8 {
                bytes.append(UInt8(truncatingIfNeeded: bits))
                bits >>= 8
                count -= 8
            }
        }
        if count > 0 { bytes.append(UInt8(truncatingIfNeeded: bits)) }
        bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
    }
}
