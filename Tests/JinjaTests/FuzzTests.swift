import Foundation
import Jinja
import SeededRandom
import Testing

/// Templates made from valid ones by damage, and bytes at random: whatever comes, it is a rendering that keeps what it
/// promises or an error, within the limits.
///
/// `JINJA_FUZZ_INPUTS` says how many, `JINJA_FUZZ_SEED` which ones.
@Suite struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["JINJA_FUZZ_INPUTS"].flatMap { Int($0) } ?? 2000
    private static let seed = environment["JINJA_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    private static let samples = [
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['cont"
            + "ent']|trim + '<|im_end|>' }}{% endfor %}",
        """
        {%- if tools %}{% set ns = namespace(n=0, xs=[]) -%}
        {% for t in tools if t.name is defined %}
          {%- set ns.n = ns.n + 1 %}{{ loop.index ~ '/' ~ loop.length }}{{ t|tojson(indent=2) }}
          {{ ", " if not loop.last }}
        {% else %}none{% endfor -%}{% endif %}
        """,
        "{% macro m(a, b=2) %}{{ a }}{{ varargs }}{{ kwargs }}{{ caller(1) }}{% endmacro %}",
        "{% macro m(a, b=2) %}{{ a ~ b }}{{ m(b, a[1:]) if a else caller() }}{%"
            + " endmacro %}{% call(x) m('abc') %}{{ x }}{% endcall %}",
        "{% set a, b = (1, [2, {'c': 3.5e2}]) %}{{ b[-1]['c'] // a ** 2 % 3 - -1 }}{{ a if b is not none else 'x' }}",
        "{{ x.split('</think>')[-1].lstrip('\\n')|replace('a', 'bb')|upper }}{{"
            + " x[::-1]|title|center(20)|indent(3, true) }}",
        "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|join(', ')|truncate(9) }}",
        "{{ messages|groupby('role')|list }}{{ [3, 1, 2]|sort(reverse=true)|batch(2, 0)|list }}{{ d|dictsort|first }}",
        "{% filter upper|trim %}{% raw -%} {{ }} {%- endraw %}{#- c -#}{% gener"
            + "ation %}{{ x }}{% endgeneration %}{% endfilter %}",
        "{{ '%5.2f|%-8s|%(k)s' % 1.5 }}{{ '{0!r:>{1}}|{k.a[0]:,}'.format(x, 5, "
            + "k=d) }}{{ 'a' * 3 ~ range(5, 0, -2)|list }}",
        "{% with a = 1, b = x %}{% if a < 2 <= 3 and b in 'abc' or not c %}{{ s"
            + "trftime_now('%d %B %Y') }}{% endif %}{% endwith %}",
        "{% for k, v in d|items %}{{ loop.cycle(k, v) }}{{ loop.changed(v) }}{{"
            + " loop.previtem }}{% continue %}{% endfor %}",
        "{% set y %}a{{ raise_exception(x) }}{% endset %}{{ x|e|safe + '<' }}{{"
            + " cycler(1, 2).next() }}{{ joiner('|')() }}",
        "{% set ns = namespace(a='ab', l=[]) %}{% for i in range(50) %}{% set n"
            + "s.a = ns.a + ns.a %}{% set ns.l = [ns.l] %}{% endfor %}",
    ]

    private static let syntax = [
        "{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "+%}", "|", "(", ")", "[", "]", "{", "}", "'", "\"", "~",
        "**", "//",
        ".", ",", ":", "::", "=", "==", "is ", "not ", "in ", "if ", "else", "for ", "endfor", "endif", "set ",
        "endset", "macro ",
        "loop", "loop.length", "|list", "|map('", "|tojson", "|int", "|string", "ns.a", "x", "messages", "range(9)",
        "namespace()",
        "99999999999", "9223372036854775807", "-9223372036854775808", "1e308", "0x", "\\u", "\\x4", "\u{1F600}",
        "\u{301}", "\r\n",
        " * 9999", "'a' * 99999999", ".replace('', 'bbbb')", "|join('bbbb')", "[0]", "[-1:]", "[::-1]", "()",
        ".items()", "{% endmacro %}",
    ]

    private static let variables: [(String, JinjaValue)] = [
        messages([("user", "a<|im_end|>é🙂"), ("assistant", "<think>b</think>\nc")]),
        ("x", .input("Ab </think>\n c\u{301}ß")),
        ("d", .map([.init("a", .list([.integer(7), .none])), .init("k", .float(1.5)), .init("é", .bool(true))])),
        ("tools", .list([.map([.init("name", .input("f"))]), .map([])])), ("bos_token", .trusted("<s>")),
    ]

    private static var limits: JinjaLimits {
        var limits = JinjaLimits()
        limits.steps = 20_000
        limits.outputBytes = 1 << 16
        limits.textBytes = 1 << 18
        limits.elements = 5000
        limits.builtBytes = 1 << 20
        return limits
    }

    @Test func noSourceBreaksTheInterpreter() throws {
        var (accepted, finished, slowest) = (0, 0, Duration.zero)
        let limits = Self.limits
        let clock = ContinuousClock()
        for number in 0..<Self.count {
            var generator = SeededGenerator(seed: Self.seed &* 1_000_003 &+ UInt64(number))
            let source = Self.source(&generator)
            let start = clock.now
            do throws(JinjaError) {
                let template = try JinjaTemplate(source)
                accepted += 1
                let rendering = try template.render(Self.variables, limits: limits, now: testDate)
                finished += 1
                check(rendering, limits, number)
            } catch {
                #expect(error.kind == .raised || !error.message.isEmpty)
            }
            slowest = max(slowest, clock.now - start)
        }
        print("\(Self.count) inputs: \(accepted) were templates, \(finished) ended; the slowest took \(slowest)")
        #expect(accepted > Self.count / 20, "most inputs fail at the first check")
    }

    private func check(_ rendering: JinjaRendering, _ limits: JinjaLimits, _ number: Int) {
        #expect(rendering.utf8.count <= limits.outputBytes, "input \(number)")
        #expect(String(validating: rendering.utf8, as: UTF8.self) != nil, "input \(number)")
        var last = -1
        for range in rendering.templateRanges {
            #expect(
                range.lowerBound > last && !range.isEmpty && range.upperBound <= rendering.utf8.count, "input \(number)"
            )
            last = range.upperBound
        }
    }

    private static func source(_ generator: inout SeededGenerator) -> String {
        switch Int.random(in: 0..<10, using: &generator) {
        case 0: return String(decoding: generator.bytes(Int.random(in: 0...60, using: &generator)), as: UTF8.self)
        case 1:
            let pieces = (0..<Int.random(in: 1...12, using: &generator)).map { _ in
                syntax.randomElement(using: &generator)!
            }
            return "{{ " + pieces.joined(separator: " ") + " }}"
        case 2:
            let pieces = (0..<Int.random(in: 1...20, using: &generator)).map { _ in
                syntax.randomElement(using: &generator)!
            }
            return pieces.joined()
        default:
            var bytes = Array(samples.randomElement(using: &generator)!.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) { bytes = generator.mutated(bytes, syntax: syntax) }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
