/// Decimals as people write them.
enum DecimalText {
    /// - Parameters:
    ///   - bytes: the unscaled integer, big-endian in two's complement.
    ///   - scale: how many digits are behind the point; negative: how many zeros follow.
    static func text(_ bytes: [UInt8], scale: Int) -> String {
        let isNegative = bytes.first ?? 0 >= 0x80
        var digits = Self.digits(isNegative ? negated(bytes) : bytes)
        if scale > 0 {
            digits = String(repeating: "0", count: max(0, scale + 1 - digits.utf8.count)) + digits
            let point = digits.utf8.count - scale
            digits = String(digits.prefix(point)) + "." + String(digits.suffix(scale))
        } else if digits != "0" {
            digits += String(repeating: "0", count: -scale)
        }
        return (isNegative ? "-" : "") + digits
    }

    private static func negated(_ bytes: [UInt8]) -> [UInt8] {
        var (result, carry) = (bytes, true)
        for index in bytes.indices.reversed() {
            result[index] = ~bytes[index]
            if carry { (result[index], carry) = result[index].addingReportingOverflow(1) }
        }
        return result
    }

    private static func digits(_ magnitude: [UInt8]) -> String {
        var rest = magnitude
        var groups: [String] = []
        // Nine digits at a time, the lowest first.
        while rest.contains(where: { $0 != 0 }) {
            var remainder: UInt64 = 0
            for index in rest.indices {
                let value = remainder << 8 | UInt64(rest[index])
                rest[index] = UInt8(value / 1_000_000_000)
                remainder = value % 1_000_000_000
            }
            groups.append(String(remainder))
        }
        guard let first = groups.last else { return "0" }
        return first
            + groups.dropLast().reversed().map { String(repeating: "0", count: 9 - $0.utf8.count) + $0 }.joined()
    }
}
