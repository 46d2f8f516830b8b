internal import Diagnostics

/// What a template's source is made of. Comments, and whitespace that goes by the rules of whitespace control, are
/// gone.
struct Token: Sendable {
    enum Kind: Equatable, Sendable {
        /// Text between the tags.
        case data([UInt8])
        case outputBegin, outputEnd
        case blockBegin, blockEnd
        /// A name or a keyword, of ASCII.
        case name(String)
        case string([UInt8])
        case integer(Int)
        case float(Double)
        case symbol(Symbol)
        case end
    }

    enum Symbol: String, CaseIterable, Sendable {
        case power = "**"
        case floorDivide = "//"
        case equal = "=="
        case notEqual = "!="
        case greaterOrEqual = ">="
        case lessOrEqual = "<="
        case plus = "+"
        case minus = "-"
        case divide = "/"
        case multiply = "*"
        case remainder = "%"
        case tilde = "~"
        case openBracket = "["
        case closeBracket = "]"
        case openParenthesis = "("
        case closeParenthesis = ")"
        case openBrace = "{"
        case closeBrace = "}"
        case greater = ">"
        case less = "<"
        case assign = "="
        case dot = "."
        case colon = ":"
        case pipe = "|"
        case comma = ","
        case semicolon = ";"
    }

    let kind: Kind
    let position: JinjaPosition

    /// For messages.
    var shown: String {
        switch kind {
        case .data: "text"
        case .outputBegin: "\"{{\""
        case .outputEnd: "\"}}\""
        case .blockBegin: "\"{%\""
        case .blockEnd: "\"%}\""
        case .name(let name): name.quoted
        case .string: "a string"
        case .integer, .float: "a number"
        case .symbol(let symbol): symbol.rawValue.quoted
        case .end: "the template's end"
        }
    }
}
