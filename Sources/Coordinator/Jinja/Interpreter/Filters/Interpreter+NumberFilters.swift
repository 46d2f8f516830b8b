// Filters that make numbers.

extension Interpreter {
    func integer(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let fallback = values[0] ?? .integer(0, .template)
        switch value {
        case .undefined(let missing): throw .evaluation(missing.message)
        case .string(let text):
            let base = try integer(values[1], for: "int") ?? 10
            if base == 0 || 2...36 ~= base, let number = try Int.python(text, base: base) {
                return .integer(number, text.author)
            }
            // As in "42.23", which is 42.
            guard let number = Double(python: text), number.isFinite else { return fallback }
            guard let whole = Int(exactly: number.rounded(.towardZero)) else { throw Arithmetic.overflow }
            return .integer(whole, text.author)
        default: break
        }
        switch Arithmetic.number(value) {
        case .integer(let number, let author): return .integer(number, author)
        case .float(let number):
            guard !number.isNaN else { return fallback }
            guard let whole = Int(exactly: number.rounded(.towardZero)) else { throw Arithmetic.overflow }
            return .integer(whole, .input)
        case nil: return fallback
        }
    }

    func float(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let fallback = values[0] ?? .float(0)
        switch value {
        case .undefined(let missing): throw .evaluation(missing.message)
        case .string(let text): return Double(python: text).map { .float($0) } ?? fallback
        default: return Arithmetic.number(value).map { .float($0.double) } ?? fallback
        }
    }

    func rounded(_ value: Value, _ values: [Value?]) throws(JinjaError) -> Value {
        let precision = try integer(values[0], for: "round") ?? 0
        let method =
            try values[1].map { (value) throws(JinjaError) in try string(value, for: "round") }
            ?? Text("common", by: .template)
        let isCommon = method.isSame(as: "common")
        guard isCommon || method.isSame(as: "ceil") || method.isSame(as: "floor") else {
            throw .evaluation("round: expected one of common, ceil and floor, found another word")
        }
        guard let number = Arithmetic.number(value) else { throw Arithmetic.unexpected(value, "round") }
        guard isCommon else { return try roundedOneWay(number, precision, up: method.isSame(as: "ceil")) }
        if case .integer(let whole, let author) = number, precision >= 0 { return .integer(whole, author) }
        guard precision >= 0 else {
            throw .unsupported("round: expected a precision of at least 0, found \(precision)")
        }
        return .float(number.double.rounded(digits: precision))
    }

    private func roundedOneWay(
        _ number: Arithmetic.Number, _ precision: Int, up isUp: Bool
    ) throws(JinjaError) -> Value {
        let power = try apply(.power, .integer(10, .template), .integer(precision, .template))
        let scaled = try apply(.multiply, number.value, power)
        guard let scaledNumber = Arithmetic.number(scaled) else { return scaled }
        var whole = scaled
        if case .float(let double) = scaledNumber {
            guard let rounded = Int(exactly: double.rounded(isUp ? .up : .down)) else { throw Arithmetic.overflow }
            whole = .integer(rounded, .input)
        }
        return try apply(.divide, whole, power)
    }
}
