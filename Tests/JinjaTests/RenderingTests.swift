import Jinja
import Testing

@Suite struct RenderingTests {
    private static let variables: [(String, JinjaValue)] = [
        ("s", .input("Hello World")), ("t", .input(" a,b,,c \n")), ("u", .input("Straße ΑΣ é")),
        ("q", .input("it's \"q\" \\")),
        ("n", .integer(7)), ("m", .integer(-3)), ("f", .float(2.5)), ("b", .bool(true)), ("o", .none),
        ("l", .list([.integer(3), .integer(1), .integer(2)])), ("ls", .list([.input("b"), .input("A"), .input("c")])),
        ("d", .map([.init("b", .integer(1)), .init("a", .input("x"))])),
        ("rows", .list([row("x", 3), row("Y", 1), row("x", 2)])), ("lines", .input("one\ntwo\n\nthree")),
    ]

    private static func row(_ name: String, _ value: Int) -> JinjaValue {
        .map([.init("n", .input(name)), .init("v", .integer(value))])
    }

    private func check(_ source: String, _ expected: String) throws {
        let date = try #require(JinjaDate(year: 2024, month: 7, day: 26, hour: 13, minute: 5))
        let rendering = try JinjaTemplate(source).render(Self.variables, now: date)
        #expect(rendering.utf8.elementsEqual(expected.utf8), "\(source): \(rendering.text)")
    }

    @Test(arguments: GoldenRenderings.expressions) func valuesAreThoseOfPython(_ source: String, _ text: String) throws
    {
        try check(source, text)
    }

    @Test(arguments: GoldenRenderings.statements) func statementsAreThoseOfJinja2(_ source: String, _ text: String)
        throws
    {
        try check(source, text)
    }

    @Test(arguments: GoldenRenderings.whitespace) func whitespaceIsTrimmedAsJinja2Does(_ source: String, _ text: String)
        throws
    {
        try check(source, text)
    }

    @Test func aConversationIsRenderedTurnByTurn() throws {
        let source = """
            {%- set ns = namespace(last=messages|length - 1) %}
            {%- for m in messages[::-1] if m.role == 'user' %}
                {%- if loop.first %}{% set ns.last = messages|length - 1 - loop.index0 %}{% endif %}
            {%- endfor %}
            {%- for m in messages %}
                {%- set text = m.content|trim %}
                {%- if m.role == 'assistant' and '</think>' in text %}
                    {%- set text = text.split('</think>')[-1].lstrip('\\n') %}
                {%- endif %}
                {{- '<|im_start|>' ~ m.role ~ '\\n' ~ text ~ '<|im_end|>\\n' }}
            {%- endfor %}
            {%- if add_generation_prompt %}
                {{- '<|im_start|>assistant\\n' }}
            {%- endif %}
            """
        let conversation = messages([
            ("system", " Be brief.\n"), ("user", "1+1?"), ("assistant", "<think>\nhm\n</think>\n\n2"), ("user", ""),
        ])
        #expect(
            try text(source, [conversation, ("add_generation_prompt", .bool(true))]) == """
                <|im_start|>system
                Be brief.<|im_end|>
                <|im_start|>user
                1+1?<|im_end|>
                <|im_start|>assistant
                2<|im_end|>
                <|im_start|>user
                <|im_end|>
                <|im_start|>assistant

                """)
    }

    @Test func charactersAreNotComparedByCanonicalEquivalence() throws {
        let variables: [(String, JinjaValue)] = [
            ("x", .input("e\u{301}")), ("d", .map([.init("\u{E9}", .integer(1)), .init("e\u{301}", .integer(2))])),
            ("\u{212A}", .input("Kelvin")),
        ]
        #expect(
            try text("{{ x == '\u{E9}' }}{{ x|length }}{{ d[x] }}{{ d['\u{E9}'] }}{{ d|length }}{{ K }}", variables)
                == "False2212")
        #expect(try text("{{ '\u{1F468}\u{200D}\u{1F469}\r\n'|length }}") == "4")
    }

    @Test func theLastOfEqualVariablesAndKeysCounts() throws {
        #expect(try text("{{ x }}", [("x", .input("a")), ("x", .input("b"))]) == "b")
        let value = JinjaValue.map([.init("k", .integer(1)), .init("j", .integer(2)), .init("k", .integer(3))])
        #expect(try text("{{ x }}", [("x", value)]) == "{'k': 3, 'j': 2}")
    }

    @Test func onlyDaysThatThereAreAreDates() {
        #expect(JinjaDate(year: 2023, month: 2, day: 29) == nil)
        #expect(JinjaDate(year: 1900, month: 2, day: 29) == nil)
        #expect(JinjaDate(year: 2000, month: 2, day: 29) != nil)
        #expect(JinjaDate(year: 2024, month: 4, day: 31) == nil)
        #expect(JinjaDate(year: 2024, month: 13, day: 1) == nil)
        #expect(JinjaDate(year: 2024, month: 1, day: 1, hour: 24) == nil)
    }

    @Test func weekdaysAndDaysOfTheYearAreRight() throws {
        func text(_ year: Int, _ month: Int, _ day: Int) throws -> String {
            let date = try #require(JinjaDate(year: year, month: month, day: day))
            return try JinjaTemplate("{{ strftime_now('%a %j') }}").render([], now: date).text
        }
        #expect(try text(2000, 1, 1) == "Sat 001")
        #expect(try text(1999, 12, 31) == "Fri 365")
        #expect(try text(2024, 12, 31) == "Tue 366")
        #expect(try text(2100, 3, 1) == "Mon 060")
    }

    @Test func aTemplateRendersTheSameAgain() throws {
        let template = try JinjaTemplate("{% set ns = namespace(n=0) %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{{ x }}")
        for text in ["a", "b"] { #expect(try template.render([("x", .input(text))], now: testDate).text == "1\(text)") }
    }
}
