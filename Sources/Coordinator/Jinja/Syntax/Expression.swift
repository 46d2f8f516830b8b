/// An expression as it was written.
struct Expression: Sendable {
    indirect enum Kind: Sendable {
        case constant(Constant)
        case name(NameUse)
        case list([Expression])
        case tuple([Expression])
        case map([Pair])
        case negated(Expression)
        case plus(Expression)
        case not(Expression)
        /// From the left, all operators of one level.
        case arithmetic(Expression, [Operand<ArithmeticOperator>])
        case concatenation([Expression])
        case comparison(Expression, [Operand<ComparisonOperator>])
        case and([Expression])
        case or([Expression])
        /// Without an else, what is not chosen is undefined.
        case conditional(test: Expression, then: Expression, otherwise: Expression?)
        case attribute(Expression, Text)
        case item(Expression, Expression)
        case slice(Expression, start: Expression?, stop: Expression?, step: Expression?)
        case call(Expression, Arguments)
        /// Without an operand: the content of the block that the filter stands at.
        case filter(Filter, Expression?, Arguments)
        case test(Test, Expression, Arguments)
        /// A filter or test that Jinja2 does not know, and what is to be said of it.
        case unknown(String, [Expression])
    }

    struct Pair: Sendable {
        let key: Expression
        let value: Expression
    }

    struct Operand<Operator: Sendable>: Sendable {
        let `operator`: Operator
        let expression: Expression
    }

    enum ArithmeticOperator: String, Sendable {
        case add = "+"
        case subtract = "-"
        case multiply = "*"
        case divide = "/"
        case floorDivide = "//"
        case remainder = "%"
        case power = "**"
    }

    enum ComparisonOperator: String, Sendable {
        case equal = "=="
        case notEqual = "!="
        case less = "<"
        case lessOrEqual = "<="
        case greater = ">"
        case greaterOrEqual = ">="
        case `in` = "in"
        case notIn = "not in"
    }

    let kind: Kind
    let position: JinjaPosition

    /// How many expressions stand inside each other here.
    let depth: Int
}

enum Constant: Sendable {
    case none
    case bool(Bool)
    case integer(Int)
    case float(Double)
    case string(Text)
}

/// What stands between a call's parentheses.
struct Arguments: Sendable {
    struct Named: Sendable {
        let name: Text
        let value: Expression
    }

    var positional: [Expression] = []
    var named: [Named] = []
    /// `*list`
    var spread: Expression?
    /// `**mapping`
    var namedSpread: Expression?
}

/// One place where a variable's name is written. What it stands for is looked up by its number.
struct NameUse: Sendable {
    let name: String
    let number: Int
}

extension Expression {
    /// All expressions directly inside, in the order in which Jinja2 looks for variables in them.
    var children: [Expression] {
        switch kind {
        case .constant, .name: []
        case .list(let items), .tuple(let items), .concatenation(let items), .and(let items), .or(let items): items
        case .map(let pairs): pairs.flatMap { [$0.key, $0.value] }
        case .negated(let operand), .plus(let operand), .not(let operand): [operand]
        case .arithmetic(let first, let rest): [first] + rest.map(\.expression)
        case .comparison(let first, let rest): [first] + rest.map(\.expression)
        case .conditional(let test, let then, let otherwise): [test, then] + (otherwise.map { [$0] } ?? [])
        case .attribute(let object, _): [object]
        case .item(let object, let key): [object, key]
        case .slice(let object, let start, let stop, let step): [object] + [start, stop, step].compactMap { $0 }
        case .call(let callee, let arguments): [callee] + arguments.expressions
        case .filter(_, let operand, let arguments): (operand.map { [$0] } ?? []) + arguments.expressions
        case .test(_, let operand, let arguments): [operand] + arguments.expressions
        case .unknown(_, let parts): parts
        }
    }
}

extension Arguments {
    var expressions: [Expression] {
        positional + named.map(\.value) + [spread, namedSpread].compactMap { $0 }
    }
}
