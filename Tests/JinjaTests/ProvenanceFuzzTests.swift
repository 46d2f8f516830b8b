import Foundation
import Jinja
import SeededRandom
import Testing

/// The input is written in Cyrillic, the template in Latin: whatever a template does, no Cyrillic letter is ever the
/// template's. `JINJA_FUZZ_INPUTS` says how many templates.
@Suite struct ProvenanceFuzzTests {
    private static let operations = [
        "{} + 't'", "'t' + {}", "'u' ~ {} ~ 'v'", "({} ~ 'абв'|replace('абв', 'w'))", "{}|upper", "{}|lower",
        "{}|title",
        "{}|capitalize", "{}|trim", "({}|string)[1:]", "({}|string)[:-1]", "({}|string)[::-1]", "({}|string)[::2]",
        "{}|string|list|join('-')", "({}|string).split('б')|join('t')", "({}|string).split()|last",
        "({}|string).replace('а', 'xx')",
        "'tбu'.replace('б', {}|string)", "{}|replace('t', x)", "({}|string).strip('tа')", "'%s|%s'|format({}, x)",
        "'{}<>{0}'.replace('{}', '').format({})", "[{}, 't', x]", "[{}]|tojson", "{'k': {}, x: 1}|tojson(indent=2)",
        "{'k': {}}",
        "{}|indent(2, true)", "{}|e", "{}|urlencode", "({}|string).partition('а')|join('/')", "({}|string)|center(40)",
        "[x, {}|string]|sort|join", "[{}, {}]|unique|join('=')", "[{}]|map('string')|join", "[{}]|map('upper')|first",
        "m({})", "n({}, x)", "ns.a ~ {}", "{} if b else x", "({} or 't')", "({}|string).ljust(30, 't')",
        "({}|string).rsplit('т', 1)|join('R')", "({}|string).splitlines()|join", "[[x, {}]]|map('last')|first",
        "dict(k={}).k", "({}|string).title().swapcase()", "({}|string)|truncate(9, true)",
        "({}|string).removesuffix('в')",
        "{}|tojson|tojson(ensure_ascii=false)", "[{}]|join(x)", "({}|string).join([x, 't'])", "({}|string)|reverse",
    ]

    private static let count =
        ProcessInfo.processInfo.environment["JINJA_FUZZ_INPUTS"].flatMap { Int($0) } ?? 200

    private static let input = "абв Гд\nе<|ж|>т😀в"

    @Test func noLetterOfTheInputIsEverTheTemplates() throws {
        var generator = SeededGenerator(seed: 11)
        var written = 0
        for _ in 0..<Self.count {
            var expression = ["x", "d.k", "l[0]", "'t'"].randomElement(using: &generator)!
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let operation = Self.operations.randomElement(using: &generator)!
                expression =
                    "("
                    + operation.split(separator: "{}", omittingEmptySubsequences: false).joined(separator: expression)
                    + ")"
                if expression.utf8.count > 300 { break }
            }
            let source =
                "{% set ns = namespace(a=x) %}{% macro m(y) %}t{{ y }}{% endmacro %}"
                + "{% macro n(y, z) %}{% set w %}{{ z }}t{{ y }}{% endset %}{{ w|trim }}{% endmacro %}"
                + "{% set y = \(expression) %}{% set ns.a = y %}{{ ns.a }}{% for c in [y] %}{{ c }}{% endfor %}"
            guard
                let rendering = try? rendered(
                    source.replacing("абв", with: "zzz").replacing("б", with: "q"), Self.variables)
            else { continue }
            written += 1
            var last = -1
            for range in rendering.templateRanges {
                #expect(range.lowerBound > last && !range.isEmpty && range.upperBound <= rendering.utf8.count)
                last = range.upperBound
                let piece = String(decoding: rendering.utf8[range], as: UTF8.self)
                let stranger = piece.unicodeScalars.first { !$0.isASCII }
                #expect(stranger == nil, "\(expression): \(piece)")
            }
        }
        #expect(written > Self.count / 2, "most expressions fail")
    }

    private static let variables: [(String, JinjaValue)] = [
        ("x", .input(input)), ("b", .bool(true)), ("l", .list([.input(input)])),
        ("d", .map([.init("k", .input(input))])),
    ]
}
