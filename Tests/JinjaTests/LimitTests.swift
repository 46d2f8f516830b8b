import Jinja
import Testing

@Suite struct LimitTests {
    @Test(arguments: [
        // Time.
        "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% for a in range(99999) %}{% set x = ('a' * 999999) in ('a' * 9999999) %}{% endfor %}",
        "{% for a in range(99999) %}{% if big == big2 %}{% endif %}{% endfor %}",
        "{% set ns = namespace(g=[1]) %}{% for a in range(99999) %}{% set ns.g "
            + "= ns.g|map('string') %}{% endfor %}{{ ns.g|list }}",
        // Memory.
        "{{ 'a' * 99999999999 }}",
        "{{ 'ab' * 9223372036854775807 }}",
        "{{ [1] * 99999999 }}",
        "{{ range(999999999) }}",
        "{% set ns = namespace(a='aaaaaaaa') %}{% for i in range(64) %}{% set ns.a = ns.a + ns.a %}{% endfor %}",
        "{% set ns = namespace(a=[]) %}{% for i in range(99999) %}{% set ns.a = ns.a + ['a' * 99999] %}{% endfor %}",
        "{% for i in range(99999) %}{{ 'a' * 9999 }}{% endfor %}",
        "{{ 'a'.center(99999999) }}{{ 'a'.ljust(99999999) }}",
        "{{ '%99999999s' % 'a' }}",
        "{{ '{:99999999}'.format('a') }}",
        "{{ ('a' * 9999)|replace('', 'b' * 9999) }}",
        "{{ ('a\\n' * 9999)|indent(9999) }}",
        "{{ ['a' * 9999]|tojson(indent=99999999) }}",
        "{{ ([['a'] * 999] * 999)|tojson(indent='a' * 9999) }}",
        "{{ (['a'] * 99999)|join('b' * 9999) }}",
        "{{ ['a']|batch(99999999, 0)|list }}",
        "{% set ns = namespace(a=[]) %}{% for i in range(999) %}{% set ns.a = [ns.a] %}{% endfor %}",
        "{% set ns = namespace(a={}) %}{% for i in range(999) %}{% set ns.a = {'a': ns.a} %}{% endfor %}",
        "{% set ns = namespace(a=[1].count) %}{% for i in range(999) %}{% set ns.a = [ns.a].count %}{% endfor %}",
        "{% set ns = namespace(a=none) %}{% for i in range(999) %}{% for j in ["
            + "ns.a] %}{% set ns.a = loop %}{% endfor %}{% endfor %}",
        "{% set ns = namespace() %}{% set ns.a = ns %}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.a = [ns] %}{{ ns.a == [[ns.a]] }}{{ ns.a }}",
    ])
    func aTemplateThatTakesTooMuchIsStopped(_ source: String) {
        var limits = JinjaLimits()
        limits.steps = 100_000
        let big = String(repeating: "b", count: 100_000)
        let error = failure(source, [("big", .input(big)), ("big2", .input(big))], limits: limits)
        #expect(error?.kind == .limit, "\(error.map(String.init(describing:)) ?? "no error")")
    }

    @Test(arguments: [
        ("{{ ", "(", ")", " }}"), ("{{ ", "[", "]", " }}"), ("{{ ", "{1: ", "}", " }}"), ("{{ ", "-", "", "1 }}"),
        ("{{ ", "not ", "", "1 }}"), ("{{ x", ".a", "", " }}"), ("{{ x", "[1]", "", " }}"), ("{{ x", "(1)", "", " }}"),
        ("{{ x", "|e", "", " }}"), ("{{ 1", " if 1", "", " }}"), ("{{ 1", " if 1 else 1", "", " }}"),
        ("{{ ", "f(", ")", " }}"), ("", "{% if 1 %}", "{% endif %}", ""), ("", "{% for a in b %}", "{% endfor %}", ""),
        ("", "{% macro m() %}", "{% endmacro %}", ""), ("{% set ", "(", ")", " = 1 %}"),
    ])
    func aSourceThatIsNestedTooDeeplyIsRefused(_ begin: String, _ open: String, _ close: String, _ end: String) {
        let source = begin + String(repeating: open, count: 5000) + String(repeating: close, count: 5000) + end
        #expect(failure(source)?.kind == .limit)
    }

    @Test func aSourceThatIsTooLongIsRefused() {
        #expect(failure(String(repeating: " ", count: 2 << 20))?.kind == .limit)
    }

    @Test func aLongChainOfOperatorsIsNotNested() throws {
        #expect(try text("{{ 0" + String(repeating: " + 1", count: 20_000) + " }}") == "20000")
        #expect(try text("{{ ''" + String(repeating: " ~ 'a'", count: 500) + " }}").utf8.count == 500)
        #expect(try text("{{ 1" + String(repeating: " and 1", count: 20_000) + " }}") == "1")
        #expect(
            try text("{% if 0 %}" + String(repeating: "{% elif 0 %}", count: 2000) + "{% else %}a{% endif %}") == "a")
    }

    @Test func manyNamesInManyBranchesTakeNoQuadraticTime() throws {
        let sets = (0..<1500).map { "{% set a\($0) = 1 %}" }.joined()
        let branches = (0..<1500).map { "{% if a\($0) %}{% set b\($0) = 1 %}{% endif %}" }.joined()
        #expect(try text(sets + branches + "{{ b1499 }}") == "1")
    }

    @Test func deepInputIsRefusedAsAnError() {
        var value = JinjaValue.none
        for _ in 0..<500 { value = .list([value]) }
        #expect(failure("{{ x }}", [("x", value)])?.kind == .limit)
    }

    @Test func eachLimitCanBeSet() throws {
        func kind(_ source: String, _ change: (inout JinjaLimits) -> Void) -> JinjaError.Kind? {
            var limits = JinjaLimits()
            change(&limits)
            return failure(source, limits: limits)?.kind
        }
        #expect(kind("{{ 1 + 1 }}") { $0.steps = 2 } == .limit)
        #expect(kind("abc") { $0.outputBytes = 2 } == .limit)
        #expect(kind("{{ ('ab' + 'c')|length }}") { $0.textBytes = 2 } == .limit)
        #expect(kind("{{ [1, 2, 3]|length }}") { $0.elements = 2 } == .limit)
        #expect(kind("{{ [1, 2, 3]|length }}") { $0.builtBytes = 100 } == .limit)
        #expect(kind("{{ [[[1]]]|length }}") { $0.valueDepth = 2 } == .limit)
        #expect(kind("{{ ((1 + 1) * 2)|string }}") { $0.evaluationDepth = 3 } == .limit)
        #expect(kind("abc") { $0.outputBytes = 3 } == nil)
    }
}
