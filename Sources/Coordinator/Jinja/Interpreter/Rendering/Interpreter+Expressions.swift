internal import Diagnostics

extension Interpreter {
    /// - Parameter content: what a filter without an operand is applied to: a block's text.
    func evaluate(_ expression: Expression, content: Text? = nil) throws(JinjaError) -> Value {
        try spend()
        do throws(JinjaError) {
            return try deeper { () throws(JinjaError) in try value(of: expression, content) }
        } catch {
            throw error.located(at: expression.position)
        }
    }

    private func value(of expression: Expression, _ content: Text?) throws(JinjaError) -> Value {
        switch expression.kind {
        case .constant(let constant): return Self.value(of: constant)
        case .name(let use): return activation[program.places[use.number]] ?? .undefined(.variable(use.name))
        case .list(let items): return .list(try made(try evaluate(items)))
        case .tuple(let items): return .tuple(try made(try evaluate(items)))
        case .map(let pairs): return try map(pairs)
        case .negated(let operand): return try Arithmetic.negated(try evaluate(operand))
        case .plus(let operand): return try Arithmetic.plus(try evaluate(operand))
        case .not(let operand): return .bool(!isTrue(try evaluate(operand)))
        case .arithmetic(let first, let rest): return try arithmetic(first, rest)
        case .concatenation(let operands): return try concatenation(operands)
        case .comparison(let first, let rest): return try comparison(first, rest)
        case .and(let operands): return try firstOperand(operands, that: false)
        case .or(let operands): return try firstOperand(operands, that: true)
        case .conditional(let test, let then, let otherwise): return try conditional(test, then, otherwise)
        case .attribute(let object, let name): return try attribute(name, of: try evaluate(object))
        case .item(let object, let key): return try item(try evaluate(key), of: try evaluate(object))
        case .slice(let object, let start, let stop, let step): return try slice(object, start, stop, step)
        case .call(let callee, let arguments):
            let callee = try evaluate(callee)
            return try call(callee, try evaluate(arguments))
        case .filter(let filter, let operand, let arguments):
            let value = try filterOperand(operand, content)
            return try apply(filter, to: value, try evaluate(arguments))
        case .unknown(let message, _): throw .evaluation(message)
        case .test(let test, let operand, let arguments):
            let value = try evaluate(operand)
            return .bool(try holds(test, value, try evaluate(arguments)))
        }
    }

    private static func value(of constant: Constant) -> Value {
        switch constant {
        case .none: Value.none
        case .bool(let value): .bool(value)
        case .integer(let value): .integer(value, .template)
        case .float(let value): .float(value)
        case .string(let text): .string(text)
        }
    }

    private func evaluate(_ expressions: [Expression]) throws(JinjaError) -> [Value] {
        var values: [Value] = []
        for expression in expressions { values.append(try evaluate(expression)) }
        return values
    }

    private func filterOperand(_ operand: Expression?, _ content: Text?) throws(JinjaError) -> Value {
        if let operand { return try evaluate(operand, content: content) }
        guard let content else { throw .evaluation("expected a value for the filter, found none") }
        return .string(content)
    }

    private func map(_ pairs: [Expression.Pair]) throws(JinjaError) -> Value {
        var builder = MapBuilder()
        for pair in pairs {
            let key = try evaluate(pair.key)
            builder.set(key, try mapKey(key), try evaluate(pair.value))
        }
        return try made(builder)
    }

    /// What a mapping finds a value by.
    func mapKey(_ value: Value) throws(JinjaError) -> MapKey {
        if case .string(let text) = value { try spend(bytes: text.utf8.count) }
        if case .tuple(let list) = value { try spend(list.items.count + 1) }
        return try MapKey(value)
    }

    private func conditional(
        _ test: Expression, _ then: Expression, _ otherwise: Expression?
    ) throws(JinjaError) -> Value {
        if isTrue(try evaluate(test)) { return try evaluate(then) }
        guard let otherwise else { return .undefined(.nothing("an \"if\" without an \"else\" did not hold")) }
        return try evaluate(otherwise)
    }

    /// The first operand of this truth, else the last one.
    private func firstOperand(_ operands: [Expression], that isWanted: Bool) throws(JinjaError) -> Value {
        var value = Value.none
        for operand in operands {
            value = try evaluate(operand)
            if isTrue(value) == isWanted { break }
        }
        return value
    }

    private func arithmetic(
        _ first: Expression, _ rest: [Expression.Operand<Expression.ArithmeticOperator>]
    ) throws(JinjaError) -> Value {
        var value = try evaluate(first)
        for operand in rest { value = try apply(operand.operator, value, try evaluate(operand.expression)) }
        return value
    }

    private func concatenation(_ operands: [Expression]) throws(JinjaError) -> Value {
        // All are evaluated before any is made a text.
        let values = try evaluate(operands)
        var result = newText
        for value in values { try result.append(try text(of: value)) }
        return try made(result.text.marked(asMarkup: false))
    }

    private func comparison(
        _ first: Expression, _ rest: [Expression.Operand<Expression.ComparisonOperator>]
    ) throws(JinjaError) -> Value {
        var left = try evaluate(first)
        for operand in rest {
            let right = try evaluate(operand.expression)
            guard try compare(left, operand.operator, right) else { return .bool(false) }
            left = right
        }
        return .bool(true)
    }

    func compare(
        _ left: Value, _ comparison: Expression.ComparisonOperator, _ right: Value
    ) throws(JinjaError) -> Bool {
        switch comparison {
        case .equal: try areEqual(left, right)
        case .notEqual: try !areEqual(left, right)
        case .less: try isOrdered(left, .less, right)
        case .lessOrEqual: try isOrdered(left, .lessOrEqual, right)
        case .greater: try isOrdered(left, .greater, right)
        case .greaterOrEqual: try isOrdered(left, .greaterOrEqual, right)
        case .in: try contains(right, left)
        case .notIn: try !contains(right, left)
        }
    }

    // MARK: - Calls

    func evaluate(_ arguments: Arguments) throws(JinjaError) -> CallArguments {
        var result = CallArguments(positional: try evaluate(arguments.positional))
        for argument in arguments.named {
            result.named.append(CallArguments.Named(name: argument.name, value: try evaluate(argument.value)))
        }
        if let spread = arguments.spread { result.positional += try items(of: try evaluate(spread)) }
        if let spread = arguments.namedSpread {
            let value = try evaluate(spread)
            guard case .map(let map) = value else {
                throw .evaluation("expected a mapping behind **, found \(value.kind)")
            }
            for entry in map.entries {
                guard case .string(let name) = entry.key else {
                    throw .evaluation("expected names of arguments, found \(entry.key.kind)")
                }
                guard !result.named.contains(where: { $0.name.isSame(as: name) }) else {
                    throw .evaluation("expected each argument once, found one twice")
                }
                try spend(result.named.count + 1)
                result.named.append(CallArguments.Named(name: name, value: entry.value))
            }
        }
        return result
    }

    func call(_ callee: Value, _ arguments: CallArguments) throws(JinjaError) -> Value {
        switch callee {
        case .macro(let macro): return .string(try call(macro, arguments))
        case .function(let function): return try call(function, arguments)
        case .method(let method): return try call(method, arguments)
        case .joiner(let joiner):
            _ = try arguments.bound([], for: "joiner")
            defer { joiner.isUsed = true }
            return joiner.isUsed ? joiner.separator : .string(Text())
        case .undefined(let missing): throw .evaluation(missing.message)
        case .loop: throw .unsupported("recursive loops are not supported: expected a macro that calls itself")
        default: throw .evaluation("expected a function, a macro or a method, found \(callee.kind)")
        }
    }
}

extension CallArguments {
    /// The values of parameters, by position or by name.
    ///
    /// - Parameter names: of the parameters, in order.
    /// - Throws: ``JinjaError`` where there are too many, too few, or ones of other names.
    func bound(_ names: [String], required: Int = 0, for what: String) throws(JinjaError) -> [Value?] {
        guard positional.count <= names.count else {
            throw .evaluation("\(what): expected at most \(names.count.counted("argument")), found \(positional.count)")
        }
        var values = positional.map { Optional($0) }
        values += Array(repeating: nil, count: names.count - positional.count)
        for argument in named {
            guard let index = names.firstIndex(where: { argument.name.utf8.elementsEqual($0.utf8) }) else {
                throw .evaluation("\(what) has no argument \(argument.name.string.quoted)")
            }
            guard values[index] == nil else {
                throw .evaluation("\(what): expected the argument \(names[index].quoted) once, found it twice")
            }
            values[index] = argument.value
        }
        if let missing = values.prefix(required).firstIndex(where: { $0 == nil }) {
            throw .evaluation("\(what): expected the argument \(names[missing].quoted), found none")
        }
        return values
    }
}
