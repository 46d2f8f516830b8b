internal import Foundation

extension Double {
    /// `repr` of Python: the fewest digits that give the number again, with an exponent from 1e16 on and below 1e-4.
    var pythonDescription: String {
        if isNaN { return "nan" }
        if isInfinite { return self < 0 ? "-inf" : "inf" }
        if self == 0 { return sign == .minus ? "-0.0" : "0.0" }
        // Swift's description has the same digits, and other rules for where the exponent begins.
        let parts = magnitude.description.split(separator: "e")
        let mantissa = parts[0].split(separator: ".")
        var exponent = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
        var digits = String(mantissa[0]) + (mantissa.count > 1 ? mantissa[1] : "")
        exponent += mantissa[0].count - 1
        let leading = digits.prefix { $0 == "0" }.count
        digits.removeFirst(leading)
        exponent -= leading
        while digits.hasSuffix("0"), digits.count > 1 { digits.removeLast() }
        return (self < 0 ? "-" : "") + Self.written(digits, exponent: exponent)
    }

    /// - Parameters:
    ///   - digits: without zeros around them.
    ///   - exponent: of ten, for the first digit.
    private static func written(_ digits: String, exponent: Int) -> String {
        if exponent < -4 || exponent >= 16 {
            let rest = digits.dropFirst()
            let sign = exponent < 0 ? "-" : "+"
            let size = String(exponent.magnitude)
            return "\(digits.prefix(1))\(rest.isEmpty ? "" : ".\(rest)")e\(sign)\(size.count < 2 ? "0" : "")\(size)"
        }
        if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + digits }
        let count = exponent + 1
        if digits.count <= count { return digits + String(repeating: "0", count: count - digits.count) + ".0" }
        return "\(digits.prefix(count)).\(digits.dropFirst(count))"
    }

    /// With so many digits behind the point, correctly rounded, ties to even.
    ///
    /// - Parameter precision: at most ``precisionLimit``.
    func fixed(_ precision: Int) -> String {
        if isNaN { return "nan" }
        if isInfinite { return self < 0 ? "-inf" : "inf" }
        return String(format: "%.\(precision)f", self)
    }

    static let precisionLimit = 400

    /// `round` of Python, for digits behind the point.
    func rounded(digits: Int) -> Double {
        guard isFinite, digits <= Self.precisionLimit else { return self }
        return Double(fixed(digits)) ?? self
    }

    /// `float` of Python, of a text; nil: it is no number.
    init?(python text: Text) {
        let trimmed = text.stripped()
        var digits: [UInt8] = []
        var isValid = true
        var previous: Unicode.Scalar = "_"
        trimmed.forEachScalar { (scalar, _, _) throws(Never) in
            if scalar == "_" {
                // Only between digits.
                if previous.decimalValue == nil { isValid = false }
            } else {
                if previous == "_", !digits.isEmpty, scalar.decimalValue == nil { isValid = false }
                if let digit = scalar.decimalValue {
                    digits.append(UInt8(digit) + 0x30)
                } else if scalar.isASCII {
                    digits.append(UInt8(scalar.value))
                } else {
                    isValid = false
                }
            }
            previous = scalar
        }
        guard isValid, previous != "_" || digits.isEmpty, !digits.isEmpty else { return nil }
        let string = String(decoding: digits, as: UTF8.self).lowercased()
        let unsigned = string.drop { $0 == "+" || $0 == "-" }
        guard string.utf8.count - unsigned.utf8.count <= 1 else { return nil }
        switch unsigned {
        case "inf", "infinity": self = string.hasPrefix("-") ? -.infinity : .infinity
        case "nan": self = .nan
        default:
            // Neither hexadecimal numbers nor words.
            guard unsigned.utf8.allSatisfy({ "0123456789.e+-".utf8.contains($0) }), let value = Self.decimal(string)
            else {
                return nil
            }
            self = value
        }
    }

    /// Python takes "1." and ".5" as well.
    private static func decimal(_ text: String) -> Double? {
        let parts = text.split(separator: "e", omittingEmptySubsequences: false)
        guard parts.count <= 2 else { return nil }
        if parts.count == 2 {
            let digits = parts[1].drop { $0 == "+" || $0 == "-" }
            guard !digits.isEmpty, parts[1].utf8.count - digits.utf8.count <= 1, digits.allSatisfy(\.isNumber) else {
                return nil
            }
        }
        let mantissa = parts[0].drop { $0 == "+" || $0 == "-" }
        let halves = mantissa.split(separator: ".", omittingEmptySubsequences: false)
        guard halves.count <= 2, halves.allSatisfy({ $0.allSatisfy(\.isNumber) }), mantissa.contains(where: \.isNumber)
        else { return nil }
        return strtod(text, nil)
    }
}

extension Int {
    /// `int` of Python, of a text; nil: it is no whole number of this base.
    ///
    /// - Parameter base: 2 to 36, or 0: by the number's prefix.
    /// - Throws: ``JinjaError`` where it has more than 64 bits.
    static func python(_ text: Text, base: Int) throws(JinjaError) -> Int? {
        var digits = ""
        var isValid = true
        text.stripped().forEachScalar { (scalar, _, _) throws(Never) in
            if let digit = scalar.decimalValue {
                digits.append(String(digit))
            } else if scalar.isASCII {
                digits.unicodeScalars.append(scalar)
            } else {
                isValid = false
            }
        }
        guard isValid else { return nil }
        digits = digits.lowercased()
        var isNegative = false
        if let sign = digits.first, sign == "-" || sign == "+" {
            isNegative = sign == "-"
            digits.removeFirst()
        }
        var radix = base
        for (prefix, value) in [("0x", 16), ("0o", 8), ("0b", 2)] where digits.hasPrefix(prefix) {
            guard base == value || base == 0 else { continue }
            radix = value
            digits.removeFirst(2)
            if digits.hasPrefix("_") { digits.removeFirst() }
        }
        if radix == 0 {
            guard !digits.hasPrefix("0") || digits.allSatisfy({ $0 == "0" || $0 == "_" }) else { return nil }
            radix = 10
        }
        let groups = digits.split(separator: "_", omittingEmptySubsequences: false)
        guard groups.allSatisfy({ !$0.isEmpty }) else { return nil }
        let joined = groups.joined()
        guard joined.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber) }),
            joined.allSatisfy({ (Int(String($0), radix: 36) ?? 36) < radix })
        else { return nil }
        guard let value = Int((isNegative ? "-" : "") + joined, radix: radix) else { throw Arithmetic.overflow }
        return value
    }
}
