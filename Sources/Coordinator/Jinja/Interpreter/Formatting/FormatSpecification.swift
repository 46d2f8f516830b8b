/// How a value is written in a place of a certain width: what Python's `%` and `format` have in common.
struct FormatSpecification {
    enum Alignment { case left, right, center, afterSign }

    var fill = Text(" ", by: .template)
    var alignment: Alignment?
    var showsPlus = false
    var showsBlank = false
    var groups = false
    var width = 0
    var precision: Int?

    /// Wider places and more digits are no use to a chat template.
    static let sizeLimit = 10_000

    /// - Parameter natural: the alignment where none is given.
    func aligned(_ text: Text, natural: Alignment, _ interpreter: Interpreter) throws(JinjaError) -> Text {
        let missing = width - text.utf8.scalarCount
        guard missing > 0 else { return text }
        var result = interpreter.newText
        let alignment = alignment ?? natural
        let left = alignment == .left ? 0 : alignment == .center ? missing / 2 : missing
        var rest = text
        if alignment == .afterSign, let first = text.utf8.first,
            first == UInt8(ascii: "-") || first == UInt8(ascii: "+") || first == UInt8(ascii: " ")
        {
            try result.append(text[0..<1])
            rest = text[1..<text.utf8.count]
        }
        try result.append(fill, times: left)
        try result.append(rest)
        try result.append(fill, times: missing - left)
        return result.text
    }

    /// A number with its sign.
    func signed(_ digits: String, isNegative: Bool, by author: JinjaAuthor) -> Text {
        Text((isNegative ? "-" : showsPlus ? "+" : showsBlank ? " " : "") + digits, by: author)
    }

    static func grouped(_ digits: String) -> String {
        let whole = digits.prefix { $0.isNumber }
        var result = ""
        for (index, digit) in whole.enumerated() {
            if index > 0, (whole.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return result + digits.dropFirst(whole.count)
    }

    /// Reads a number from digits, up to ``sizeLimit``.
    ///
    /// - Parameter offset: where it begins, and behind it afterwards.
    static func number(in bytes: [UInt8], at offset: inout Int) throws(JinjaError) -> Int? {
        var number: Int?
        while offset < bytes.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= bytes[offset] {
            let value = (number ?? 0) * 10 + Int(bytes[offset] - 0x30)
            guard value <= sizeLimit else {
                throw .limit("expected a width and a precision of at most \(sizeLimit) in a format, found more")
            }
            number = value
            offset += 1
        }
        return number
    }
}
