internal import Diagnostics

/// Jinja2's filters: https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-filters, with `tojson` as
/// transformers has it.
enum Filter: String, CaseIterable, Sendable {
    case abs, attr, batch, capitalize, center, count, d, `default`, dictsort, e, escape, first, float, forceescape,
        format
    case groupby, indent, int, items, join, last, length, list, lower, map, max, min, reject, rejectattr, replace,
        reverse
    case round, safe, select, selectattr, slice, sort, string, sum, title, tojson, trim, truncate, unique, upper
    case urlencode, wordcount

    /// Those that Jinja2 has and that are refused.
    static let unsupported = ["filesizeformat", "pprint", "random", "striptags", "urlize", "wordwrap", "xmlattr"]

    static func unknown(_ name: String) -> String {
        let known = allCases.map(\.rawValue).joined(separator: ", ")
        return unsupported.contains(name)
            ? "the filter \(name) is not supported: expected one of \(known)"
            : "expected one of the filters \(known), found \(name.quoted)"
    }
}

/// Jinja2's tests: https://jinja.palletsprojects.com/en/stable/templates/#list-of-builtin-tests.
enum Test: String, CaseIterable, Sendable {
    case boolean, callable, defined, divisibleby, eq, equalto, escaped, even, `false`, filter, float, ge, greaterthan,
        gt
    case `in`, integer, iterable, le, lessthan, lower, lt, mapping, ne, none, number, odd, sameas, sequence, string,
        test
    case `true`, undefined, upper
    case equal = "=="
    case notEqual = "!="
    case greater = ">"
    case greaterOrEqual = ">="
    case less = "<"
    case lessOrEqual = "<="

    static func unknown(_ name: String) -> String {
        let known = allCases.filter { $0.rawValue.first?.isLetter ?? false }.map(\.rawValue).joined(separator: ", ")
        return "expected one of the tests \(known), found \(name.quoted)"
    }
}
