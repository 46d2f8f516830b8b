internal import Diagnostics

// What stands behind a value: attributes, items, calls, filters and tests.

extension Parser {
    mutating func readPostfix(_ value: Expression) throws(JinjaError) -> Expression {
        var result = value
        while true {
            switch current.kind {
            case .symbol(.dot): result = try readAttribute(of: result)
            case .symbol(.openBracket): result = try readItem(of: result)
            case .symbol(.openParenthesis): result = try readCall(of: result)
            default: return result
            }
        }
    }

    mutating func readFiltersAndTests(_ value: Expression) throws(JinjaError) -> Expression {
        var result = value
        while true {
            switch current.kind {
            case .symbol(.pipe): result = try readFilter(of: result)
            case .name("is"): result = try readTest(of: result)
            case .symbol(.openParenthesis): result = try readCall(of: result)
            default: return result
            }
        }
    }

    private mutating func readAttribute(of object: Expression) throws(JinjaError) -> Expression {
        let position = advance().position
        switch current.kind {
        case .name(let name):
            advance()
            return try expression(.attribute(object, Text(name, by: .template)), at: position)
        case .integer(let number):
            let key = try expression(.constant(.integer(number)), at: advance().position)
            return try expression(.item(object, key), at: position)
        default: throw unexpected("an attribute's name or a number")
        }
    }

    private mutating func readItem(of object: Expression) throws(JinjaError) -> Expression {
        let position = advance().position
        var keys: [Expression] = []
        var slice: Expression?
        while !isAt(.closeBracket) {
            if !keys.isEmpty || slice != nil { try expect(.comma) }
            if isAt(.colon) {
                slice = try readSlice(of: object, start: nil, at: position)
            } else {
                let key = try readExpression()
                if isAt(.colon) {
                    slice = try readSlice(of: object, start: key, at: position)
                } else {
                    keys.append(key)
                }
            }
        }
        advance()
        if let slice {
            guard keys.isEmpty else {
                throw JinjaError(.syntax, "expected one slice, found a slice among several keys", at: position)
            }
            return slice
        }
        let key = keys.count == 1 ? keys[0] : try expression(.tuple(keys), at: position)
        return try expression(.item(object, key), at: position)
    }

    /// Reads from the first colon.
    private mutating func readSlice(
        of object: Expression, start: Expression?, at position: JinjaPosition
    ) throws(JinjaError) -> Expression {
        advance()
        var stop: Expression?
        var step: Expression?
        if !isAt(.colon), !isAt(.closeBracket), !isAt(.comma) { stop = try readExpression() }
        if skip(.colon), !isAt(.closeBracket), !isAt(.comma) { step = try readExpression() }
        return try expression(.slice(object, start: start, stop: stop, step: step), at: position)
    }

    private mutating func readCall(of callee: Expression) throws(JinjaError) -> Expression {
        let position = current.position
        return try expression(.call(callee, try readArguments()), at: position)
    }

    mutating func readArguments() throws(JinjaError) -> Arguments {
        let opening = current.position
        try expect(.openParenthesis)
        var arguments = Arguments()
        var isFirst = true
        while !isAt(.closeParenthesis) {
            if !isFirst {
                try expect(.comma)
                if isAt(.closeParenthesis) { break }
            }
            isFirst = false
            try readArgument(into: &arguments, opening)
        }
        advance()
        return arguments
    }

    private mutating func readArgument(
        into arguments: inout Arguments, _ opening: JinjaPosition
    ) throws(JinjaError) {
        func check(_ isInOrder: Bool) throws(JinjaError) {
            guard isInOrder else {
                throw JinjaError(
                    .syntax, "expected arguments in the order a, *b, name=c, **d, found another order", at: opening)
            }
        }
        if skip(.multiply) {
            try check(arguments.spread == nil && arguments.namedSpread == nil)
            arguments.spread = try readExpression()
        } else if skip(.power) {
            try check(arguments.namedSpread == nil)
            arguments.namedSpread = try readExpression()
        } else if case .name(let name) = current.kind, next.kind == .symbol(.assign) {
            try check(arguments.namedSpread == nil)
            guard !arguments.named.contains(where: { $0.name.string == name }) else {
                throw JinjaError(
                    .syntax, "expected each argument once, found \(name.quoted) twice", at: current.position)
            }
            advance()
            advance()
            let value = try readExpression()
            arguments.named.append(Arguments.Named(name: Text(name, by: .template), value: value))
        } else {
            try check(arguments.spread == nil && arguments.namedSpread == nil && arguments.named.isEmpty)
            arguments.positional.append(try readExpression())
        }
    }

    // MARK: - Filters and tests

    /// Reads from the bar.
    private mutating func readFilter(of operand: Expression) throws(JinjaError) -> Expression {
        advance()
        return try readFilterName(of: operand)
    }

    /// - Parameter operand: nil: the content of a block.
    mutating func readFilterName(of operand: Expression?) throws(JinjaError) -> Expression {
        let position = current.position
        let name = try readDottedName()
        guard !Filter.unsupported.contains(name) else { throw unsupported(Filter.unknown(name), at: position) }
        let arguments = isAt(.openParenthesis) ? try readArguments() : Arguments()
        guard let filter = Filter(rawValue: name) else {
            let parts = (operand.map { [$0] } ?? []) + arguments.expressions
            return try expression(.unknown(Filter.unknown(name), parts), at: position)
        }
        return try expression(.filter(filter, operand, arguments), at: position)
    }

    private mutating func readDottedName() throws(JinjaError) -> String {
        var name = try expectName()
        while skip(.dot) { name += "." + (try expectName()) }
        return name
    }

    /// Reads from the word "is".
    private mutating func readTest(of operand: Expression) throws(JinjaError) -> Expression {
        advance()
        let isNegated = skip("not")
        let position = current.position
        let name = try readDottedName()
        let arguments = try readTestArguments()
        let kind: Expression.Kind =
            Test(rawValue: name).map { .test($0, operand, arguments) }
            ?? .unknown(Test.unknown(name), [operand] + arguments.expressions)
        let result = try expression(kind, at: position)
        return isNegated ? try expression(.not(result), at: position) : result
    }

    private mutating func readTestArguments() throws(JinjaError) -> Arguments {
        switch current.kind {
        case .symbol(.openParenthesis): return try readArguments()
        case .name("else"), .name("or"), .name("and"): return Arguments()
        case .name("is"):
            throw JinjaError(.syntax, "expected one test, found a second \"is\" behind it", at: current.position)
        case .name, .string, .integer, .float, .symbol(.openBracket), .symbol(.openBrace):
            let argument = try nested { parser throws(JinjaError) in try parser.readPostfix(try parser.readPrimary()) }
            return Arguments(positional: [argument])
        default: return Arguments()
        }
    }
}
