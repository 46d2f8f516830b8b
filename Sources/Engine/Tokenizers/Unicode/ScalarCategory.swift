/// Unicode's general categories (https://www.unicode.org/reports/tr44/#General_Category_Values).
enum ScalarCategory: UInt8, CaseIterable {
    // swift-format-ignore: one line for each of Unicode's groups
    case lu, ll, lt, lm, lo
    case mn, mc, me
    case nd, nl, no
    case pc, pd, ps, pe, pi, pf, po
    case sm, sc, sk, so
    case zs, zl, zp
    case cc, cf, cs, co, cn

    init(_ category: Unicode.GeneralCategory) {
        switch category {
        case .uppercaseLetter: self = .lu
        case .lowercaseLetter: self = .ll
        case .titlecaseLetter: self = .lt
        case .modifierLetter: self = .lm
        case .otherLetter: self = .lo
        case .nonspacingMark: self = .mn
        case .spacingMark: self = .mc
        case .enclosingMark: self = .me
        case .decimalNumber: self = .nd
        case .letterNumber: self = .nl
        case .otherNumber: self = .no
        case .connectorPunctuation: self = .pc
        case .dashPunctuation: self = .pd
        case .openPunctuation: self = .ps
        case .closePunctuation: self = .pe
        case .initialPunctuation: self = .pi
        case .finalPunctuation: self = .pf
        case .otherPunctuation: self = .po
        case .mathSymbol: self = .sm
        case .currencySymbol: self = .sc
        case .modifierSymbol: self = .sk
        case .otherSymbol: self = .so
        case .spaceSeparator: self = .zs
        case .lineSeparator: self = .zl
        case .paragraphSeparator: self = .zp
        case .control: self = .cc
        case .format: self = .cf
        case .surrogate: self = .cs
        case .privateUse: self = .co
        case .unassigned: self = .cn
        @unknown default: self = .cn
        }
    }

    /// The long names of the groups and categories, in lower case without spaces or underscores.
    static let longNames = [
        "letter": "l", "mark": "m", "number": "n", "punctuation": "p", "symbol": "s", "separator": "z", "other": "c",
        "uppercaseletter": "lu", "lowercaseletter": "ll", "titlecaseletter": "lt", "modifierletter": "lm",
        "otherletter": "lo", "nonspacingmark": "mn", "spacingmark": "mc", "enclosingmark": "me",
        "decimalnumber": "nd", "letternumber": "nl", "othernumber": "no", "connectorpunctuation": "pc",
        "dashpunctuation": "pd", "openpunctuation": "ps", "closepunctuation": "pe", "initialpunctuation": "pi",
        "finalpunctuation": "pf", "otherpunctuation": "po", "mathsymbol": "sm", "currencysymbol": "sc",
        "modifiersymbol": "sk", "othersymbol": "so", "spaceseparator": "zs", "lineseparator": "zl",
        "paragraphseparator": "zp", "control": "cc", "format": "cf", "surrogate": "cs", "privateuse": "co",
        "unassigned": "cn",
    ]
}

/// A set of general categories.
struct ScalarCategories: OptionSet, Hashable {
    let rawValue: UInt32

    init(rawValue: UInt32) { self.rawValue = rawValue }

    init(_ categories: ScalarCategory...) {
        rawValue = categories.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    static let letter = ScalarCategories(.lu, .ll, .lt, .lm, .lo)
    static let mark = ScalarCategories(.mn, .mc, .me)
    static let number = ScalarCategories(.nd, .nl, .no)
    static let punctuation = ScalarCategories(.pc, .pd, .ps, .pe, .pi, .pf, .po)

    /// The categories of a name such as `L`, `Lu` or `Letter`, in any case; nil if it is none.
    init?(named name: String) {
        var short = name.lowercased().filter { $0 != "_" && $0 != " " && $0 != "-" }
        short = ScalarCategory.longNames[short] ?? short
        let members = ScalarCategory.allCases.filter { "\($0)".hasPrefix(short) }
        guard (1...2).contains(short.utf8.count), !members.isEmpty else { return nil }
        rawValue = members.reduce(0) { $0 | 1 << UInt32($1.rawValue) }
    }

    func contains(_ category: ScalarCategory) -> Bool { rawValue >> UInt32(category.rawValue) & 1 != 0 }
}
