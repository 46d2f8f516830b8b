internal import Diagnostics

extension Parser {
    /// An expression, with `a if b else c` or without.
    mutating func readExpression(withConditional: Bool = true) throws(JinjaError) -> Expression {
        try nested { parser throws(JinjaError) in
            withConditional ? try parser.readConditional() : try parser.readOr()
        }
    }

    private mutating func readConditional() throws(JinjaError) -> Expression {
        var position = current.position
        var result = try readOr()
        while skip("if") {
            let test = try readOr()
            var otherwise: Expression?
            if skip("else") {
                otherwise = try nested { parser throws(JinjaError) in try parser.readConditional() }
            }
            result = try expression(.conditional(test: test, then: result, otherwise: otherwise), at: position)
            position = current.position
        }
        return result
    }

    private mutating func readOr() throws(JinjaError) -> Expression {
        let position = current.position
        var operands = [try readAnd()]
        while skip("or") { operands.append(try readAnd()) }
        return operands.count == 1 ? operands[0] : try expression(.or(operands), at: position)
    }

    private mutating func readAnd() throws(JinjaError) -> Expression {
        let position = current.position
        var operands = [try readNot()]
        while skip("and") { operands.append(try readNot()) }
        return operands.count == 1 ? operands[0] : try expression(.and(operands), at: position)
    }

    private mutating func readNot() throws(JinjaError) -> Expression {
        let position = current.position
        guard skip("not") else { return try readComparison() }
        let operand = try nested { parser throws(JinjaError) in try parser.readNot() }
        return try expression(.not(operand), at: position)
    }

    private mutating func readComparison() throws(JinjaError) -> Expression {
        let position = current.position
        let first = try readSum()
        var rest: [Expression.Operand<Expression.ComparisonOperator>] = []
        while let found = skipComparison() {
            rest.append(Expression.Operand(operator: found, expression: try readSum()))
        }
        return rest.isEmpty ? first : try expression(.comparison(first, rest), at: position)
    }

    private mutating func skipComparison() -> Expression.ComparisonOperator? {
        switch current.kind {
        case .symbol(let symbol):
            guard let found = Expression.ComparisonOperator(rawValue: symbol.rawValue) else { return nil }
            advance()
            return found
        case .name("in"):
            advance()
            return .in
        case .name("not") where next.kind == .name("in"):
            advance()
            advance()
            return .notIn
        default: return nil
        }
    }

    // MARK: - Arithmetic

    private mutating func readChain(
        of symbols: [Token.Symbol], _ readOperand: (inout Parser) throws(JinjaError) -> Expression
    ) throws(JinjaError) -> Expression {
        let position = current.position
        let first = try readOperand(&self)
        var rest: [Expression.Operand<Expression.ArithmeticOperator>] = []
        while case .symbol(let symbol) = current.kind, symbols.contains(symbol),
            let found = Expression.ArithmeticOperator(rawValue: symbol.rawValue)
        {
            advance()
            rest.append(Expression.Operand(operator: found, expression: try readOperand(&self)))
        }
        return rest.isEmpty ? first : try expression(.arithmetic(first, rest), at: position)
    }

    private mutating func readSum() throws(JinjaError) -> Expression {
        try readChain(of: [.plus, .minus]) { parser throws(JinjaError) in try parser.readConcatenation() }
    }

    private mutating func readConcatenation() throws(JinjaError) -> Expression {
        let position = current.position
        var operands = [try readProduct()]
        while skip(.tilde) { operands.append(try readProduct()) }
        return operands.count == 1 ? operands[0] : try expression(.concatenation(operands), at: position)
    }

    private mutating func readProduct() throws(JinjaError) -> Expression {
        try readChain(of: [.multiply, .divide, .floorDivide, .remainder]) { parser throws(JinjaError) in
            try parser.readChain(of: [.power]) { parser throws(JinjaError) in try parser.readUnary() }
        }
    }

    private mutating func readUnary(withFilter: Bool = true) throws(JinjaError) -> Expression {
        let position = current.position
        var result: Expression
        if skip(.minus) {
            let operand = try nested { parser throws(JinjaError) in try parser.readUnary(withFilter: false) }
            result = try expression(.negated(operand), at: position)
        } else if skip(.plus) {
            let operand = try nested { parser throws(JinjaError) in try parser.readUnary(withFilter: false) }
            result = try expression(.plus(operand), at: position)
        } else {
            result = try readPrimary()
        }
        result = try readPostfix(result)
        return withFilter ? try readFiltersAndTests(result) : result
    }

    // MARK: - Values

    mutating func readPrimary() throws(JinjaError) -> Expression {
        let position = current.position
        switch current.kind {
        case .name(let name):
            advance()
            if let constant = Self.constant(name) { return try expression(.constant(constant), at: position) }
            if name == "self" {
                throw unsupported(
                    "\"self\", a template's own blocks, is not supported: there are no blocks", at: position)
            }
            return try expression(.name(use(of: name)), at: position)
        case .string: return try expression(.constant(.string(readStrings())), at: position)
        case .integer(let number):
            advance()
            return try expression(.constant(.integer(number)), at: position)
        case .float(let number):
            advance()
            return try expression(.constant(.float(number)), at: position)
        case .symbol(.openParenthesis):
            advance()
            let result = try readTuple(isInParentheses: true)
            try expect(.closeParenthesis)
            return result
        case .symbol(.openBracket): return try readList()
        case .symbol(.openBrace): return try readMap()
        default: throw unexpected("a value")
        }
    }

    static func constant(_ name: String) -> Constant? {
        switch name {
        case "true", "True": .bool(true)
        case "false", "False": .bool(false)
        case "none", "None": Constant.none
        default: nil
        }
    }

    /// Strings that stand one behind the other are one.
    private mutating func readStrings() -> Text {
        var bytes: [UInt8] = []
        while case .string(let more) = current.kind {
            bytes += more
            advance()
        }
        return Text(utf8: bytes, by: .template)
    }

    /// One expression, or several with commas between them, which are a tuple.
    ///
    /// - Parameters:
    ///   - end: a keyword that ends it, beside the end of the tag and a parenthesis.
    ///   - isInParentheses: nothing at all is the empty tuple.
    mutating func readTuple(
        withConditional: Bool = true, end: String? = nil, isInParentheses: Bool = false
    ) throws(JinjaError) -> Expression {
        let position = current.position
        var items: [Expression] = []
        var isTuple = false
        while !isAtTupleEnd(end) {
            items.append(try readExpression(withConditional: withConditional))
            guard skip(.comma) else { break }
            isTuple = true
        }
        if !isTuple {
            if let item = items.first { return item }
            guard isInParentheses else { throw unexpected("an expression") }
        }
        return try expression(.tuple(items), at: position)
    }

    func isAtTupleEnd(_ end: String?) -> Bool {
        switch current.kind {
        case .outputEnd, .blockEnd, .symbol(.closeParenthesis): true
        case .name(let name): name == end
        default: false
        }
    }

    private mutating func readList() throws(JinjaError) -> Expression {
        let position = advance().position
        var items: [Expression] = []
        while !isAt(.closeBracket) {
            if !items.isEmpty {
                try expect(.comma)
                if isAt(.closeBracket) { break }
            }
            items.append(try readExpression())
        }
        advance()
        return try expression(.list(items), at: position)
    }

    private mutating func readMap() throws(JinjaError) -> Expression {
        let position = advance().position
        var pairs: [Expression.Pair] = []
        while !isAt(.closeBrace) {
            if !pairs.isEmpty {
                try expect(.comma)
                if isAt(.closeBrace) { break }
            }
            let key = try readExpression()
            try expect(.colon)
            pairs.append(Expression.Pair(key: key, value: try readExpression()))
        }
        advance()
        return try expression(.map(pairs), at: position)
    }
}
