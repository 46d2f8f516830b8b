/// What a Unicode scalar is to words.
enum WordRole: UInt8 {
    case other
    /// Property White_Space.
    case whiteSpace
    /// As it is typed, typeset, or misused for one: U+0027, U+2018, U+2019, U+02BC, U+FF07.
    case apostrophe
    /// A letter, a mark or a number (general categories L, M and N), in lower case or without case.
    case letter
    /// One of those that lower-casing changes.
    case capital
    /// An ideograph or kana: a word by itself.
    case ideograph

    /// Looked up, since Unicode's properties take several times as long.
    private static let ofBasicPlane = (0..<UInt32(0x10000)).map { value in
        Unicode.Scalar(value).map(WordRole.init(byPropertiesOf:)) ?? .other
    }

    init(of scalar: Unicode.Scalar) {
        self = scalar.value < 0x10000 ? Self.ofBasicPlane[Int(scalar.value)] : Self(byPropertiesOf: scalar)
    }

    private init(byPropertiesOf scalar: Unicode.Scalar) {
        let properties = scalar.properties
        self =
            switch (scalar.value, properties.generalCategory) {
            case (0x27, _), (0x2018, _), (0x2019, _), (0x02BC, _), (0xFF07, _): .apostrophe
            case (0x3041...0x30FF, .otherLetter), (0x3041...0x30FF, .modifierLetter): .ideograph
            case (_, .uppercaseLetter), (_, .lowercaseLetter), (_, .titlecaseLetter), (_, .modifierLetter),
                (_, .otherLetter), (_, .nonspacingMark), (_, .spacingMark), (_, .enclosingMark), (_, .decimalNumber),
                (_, .letterNumber), (_, .otherNumber):
                properties.isIdeographic ? .ideograph : properties.changesWhenLowercased ? .capital : .letter
            default: properties.isWhitespace ? .whiteSpace : .other
            }
    }

    var isPartOfWord: Bool {
        switch self {
        case .letter, .capital, .ideograph: true
        case .other, .whiteSpace, .apostrophe: false
        }
    }
}
