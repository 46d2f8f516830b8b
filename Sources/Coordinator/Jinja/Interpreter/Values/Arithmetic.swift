internal import Foundation

/// Numbers as Python computes with them, except that whole numbers have at most 64 bits.
enum Arithmetic {
    /// A number, with truth values as 0 and 1.
    enum Number {
        case integer(Int, JinjaAuthor)
        case float(Double)

        var double: Double {
            switch self {
            case .integer(let value, _): Double(value)
            case .float(let value): value
            }
        }

        var value: Value {
            switch self {
            case .integer(let value, let author): .integer(value, author)
            case .float(let value): .float(value)
            }
        }
    }

    static func number(_ value: Value) -> Number? {
        switch value {
        case .bool(let value): .integer(value ? 1 : 0, .input)
        case .integer(let value, let author): .integer(value, author)
        case .float(let value): .float(value)
        default: nil
        }
    }

    static let overflow = JinjaError.limit("expected whole numbers of at most 64 bits, found a larger result")

    static func negated(_ value: Value) throws(JinjaError) -> Value {
        switch number(value) {
        case .integer(let value, let author):
            guard value != .min else { throw overflow }
            return .integer(-value, author)
        case .float(let value): return .float(-value)
        case nil: throw unexpected(value, "-")
        }
    }

    static func plus(_ value: Value) throws(JinjaError) -> Value {
        guard let number = number(value) else { throw unexpected(value, "+") }
        return number.value
    }

    static func unexpected(_ value: Value, _ sign: String) -> JinjaError {
        if case .undefined(let missing) = value { return .evaluation(missing.message) }
        return .evaluation("expected a number for \(sign), found \(value.kind)")
    }

    /// Whose number a result is: the template's where no part of it is the input's.
    private static func author(_ left: JinjaAuthor, _ right: JinjaAuthor) -> JinjaAuthor {
        left == .template && right == .template ? .template : .input
    }

    static func apply(
        _ sign: Expression.ArithmeticOperator, _ left: Number, _ right: Number
    ) throws(JinjaError) -> Value {
        if case .integer(let first, let firstAuthor) = left, case .integer(let second, let secondAuthor) = right {
            return try apply(sign, first, second, author(firstAuthor, secondAuthor))
        }
        return .float(try apply(sign, left.double, right.double))
    }

    // MARK: - Whole numbers

    private static func apply(
        _ sign: Expression.ArithmeticOperator, _ left: Int, _ right: Int, _ author: JinjaAuthor
    ) throws(JinjaError) -> Value {
        let (result, hasOverflown): (Int, Bool)
        switch sign {
        case .add: (result, hasOverflown) = left.addingReportingOverflow(right)
        case .subtract: (result, hasOverflown) = left.subtractingReportingOverflow(right)
        case .multiply: (result, hasOverflown) = left.multipliedReportingOverflow(by: right)
        case .divide: return .float(try quotient(left, right))
        case .floorDivide, .remainder:
            guard right != 0 else { throw divisionByZero }
            guard right != -1 else {
                if sign == .remainder { return .integer(0, author) }
                (result, hasOverflown) = (0).subtractingReportingOverflow(left)
                break
            }
            let (quotient, remainder) = left.quotientAndRemainder(dividingBy: right)
            let isBelow = remainder != 0 && (remainder < 0) != (right < 0)
            (result, hasOverflown) = (
                sign == .remainder ? remainder + (isBelow ? right : 0) : quotient - (isBelow ? 1 : 0), false
            )
        case .power:
            guard right >= 0 else { return .float(try power(Double(left), Double(right))) }
            return .integer(try power(left, right), author)
        }
        guard !hasOverflown else { throw overflow }
        return .integer(result, author)
    }

    private static let divisionByZero = JinjaError.evaluation("expected a divisor other than 0, found 0")

    /// The nearest floating-point number. Operands beyond 53 bits would be rounded twice.
    private static func quotient(_ left: Int, _ right: Int) throws(JinjaError) -> Double {
        guard right != 0 else { throw divisionByZero }
        let exact = 1 << 53
        guard left.magnitude <= exact, right.magnitude <= exact else {
            throw .limit("expected numbers of at most 53 bits to divide, found larger ones")
        }
        return Double(left) / Double(right)
    }

    private static func power(_ base: Int, _ exponent: Int) throws(JinjaError) -> Int {
        if exponent == 0 || base == 1 { return 1 }
        if base == 0 { return 0 }
        if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
        guard exponent < 64 else { throw overflow }
        var result = 1
        for _ in 0..<exponent {
            let (product, hasOverflown) = result.multipliedReportingOverflow(by: base)
            guard !hasOverflown else { throw overflow }
            result = product
        }
        return result
    }

    // MARK: - Floating-point numbers

    private static func apply(
        _ sign: Expression.ArithmeticOperator, _ left: Double, _ right: Double
    ) throws(JinjaError) -> Double {
        switch sign {
        case .add: return left + right
        case .subtract: return left - right
        case .multiply: return left * right
        case .divide:
            guard right != 0 else { throw divisionByZero }
            return left / right
        case .floorDivide: return try floorDivided(left, right).quotient
        case .remainder: return try floorDivided(left, right).remainder
        case .power: return try power(left, right)
        }
    }

    private static func floorDivided(
        _ left: Double, _ right: Double
    ) throws(JinjaError) -> (quotient: Double, remainder: Double) {
        guard right != 0 else { throw divisionByZero }
        var remainder = fmod(left, right)
        var quotient = (left - remainder) / right
        if remainder != 0 {
            if (right < 0) != (remainder < 0) {
                remainder += right
                quotient -= 1
            }
        } else {
            remainder = Double(signOf: right, magnitudeOf: 0)
        }
        guard quotient != 0 else { return (Double(signOf: left / right, magnitudeOf: 0), remainder) }
        let floor = quotient.rounded(.down)
        return (quotient - floor > 0.5 ? floor + 1 : floor, remainder)
    }

    private static func power(_ base: Double, _ exponent: Double) throws(JinjaError) -> Double {
        guard base != 0 || exponent >= 0 else { throw .evaluation("expected a base other than 0, found 0") }
        if base < 0, base.isFinite, exponent.isFinite, exponent != exponent.rounded() {
            throw .unsupported("expected a real number, found a power that is complex")
        }
        let result = pow(base, exponent)
        guard result.isFinite || !base.isFinite || !exponent.isFinite else {
            throw .evaluation("expected a power that is a number, found one that is too large")
        }
        return result
    }
}
