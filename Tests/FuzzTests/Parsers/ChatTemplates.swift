import Jinja

extension FuzzedParser {
    /// Chat templates: whatever one does, it ends within its limits, writes UTF-8, and says what of it is its own.
    static let chatTemplate = FuzzedParser(
        "chat-template", isText: true, syntax: jinjaSyntax.map { Array($0.utf8) },
        corpus: { chatTemplates.map { [Array($0.utf8)] } },
        assemble: { parts, random in
            // Expressions that are made of nothing but syntax get further than damage does.
            guard random.oneIn(8) else { return [Array(parts.joined())] }
            let pieces = (0...random.below(12)).map { _ in random.pick(jinjaSyntax) }
            return [Array((random.oneIn(2) ? "{{ \(pieces.joined(separator: " ")) }}" : pieces.joined()).utf8)]
        },
        parse: { input, _ in
            let template: JinjaTemplate
            do throws(JinjaError) {
                template = try JinjaTemplate(String(decoding: input[0], as: UTF8.self))
            } catch {
                try BrokenPromise.unless(!error.message.isEmpty, "refused without a reason")
                return .refusedAtOnce
            }
            let rendering: JinjaRendering
            do throws(JinjaError) {
                rendering = try template.render(jinjaVariables, limits: jinjaLimits, now: noon)
            } catch {
                try BrokenPromise.unless(error.kind == .raised || !error.message.isEmpty, "ended without a reason")
                return .refused
            }
            try check(rendering)
            return .accepted
        })

    private static func check(_ rendering: JinjaRendering) throws {
        let count = rendering.utf8.count
        try BrokenPromise.unless(count <= jinjaLimits.outputBytes, "\(count) bytes are written")
        try BrokenPromise.unless(
            String(validating: rendering.utf8, as: UTF8.self) != nil, "what is written is no UTF-8")
        var last = -1
        for range in rendering.templateRanges {
            try BrokenPromise.unless(
                range.lowerBound > last && !range.isEmpty && range.upperBound <= count,
                "a range of the template's own text is \(range) of \(count), behind \(last)")
            last = range.upperBound
        }
    }

    private static let noon: JinjaDate = {
        guard let date = JinjaDate(year: 2024, month: 2, day: 29, hour: 12) else { preconditionFailure("a leap day") }
        return date
    }()

    private static let jinjaLimits: JinjaLimits = {
        var limits = JinjaLimits()
        limits.steps = 20_000
        limits.outputBytes = 1 << 16
        limits.textBytes = 1 << 18
        limits.elements = 5000
        limits.builtBytes = 1 << 20
        return limits
    }()

    private static func message(_ role: String, _ content: String) -> JinjaValue {
        .map([.init("role", .input(role)), .init("content", .input(content))])
    }

    private static let jinjaVariables: [(String, JinjaValue)] = [
        ("messages", .list([message("user", "a<|im_end|>é🙂"), message("assistant", "<think>b</think>\nc")])),
        ("x", .input("Ab </think>\n c\u{301}ß")),
        ("d", .map([.init("a", .list([.integer(7), .none])), .init("k", .float(1.5)), .init("é", .bool(true))])),
        ("tools", .list([.map([.init("name", .input("f"))]), .map([])])), ("bos_token", .trusted("<s>")),
    ]

    private static let chatTemplates = [
        "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\\n' + m['content']|trim + '<|im_end|>' }}{% endfor %}",
        """
        {%- if tools %}{% set ns = namespace(n=0, xs=[]) -%}
        {% for t in tools if t.name is defined %}
          {%- set ns.n = ns.n + 1 %}{{ loop.index ~ '/' ~ loop.length }}{{ t|tojson(indent=2) }}
          {{ ", " if not loop.last }}
        {% else %}none{% endfor -%}{% endif %}
        """,
        "{% macro m(a, b=2) %}{{ a }}{{ varargs }}{{ kwargs }}{{ caller(1) }}{% endmacro %}",
        """
        {% macro m(a, b=2) %}{{ a ~ b }}{{ m(b, a[1:]) if a else caller() }}{% endmacro %}
        {% call(x) m('abc') %}{{ x }}{% endcall %}
        """,
        "{% set a, b = (1, [2, {'c': 3.5e2}]) %}{{ b[-1]['c'] // a ** 2 % 3 - -1 }}{{ a if b is not none else 'x' }}",
        "{{ x.split('</think>')[-1].lstrip('\\n')|replace('a', 'bb')|upper }}{{ x[::-1]|title|indent(3, true) }}",
        "{{ messages|selectattr('role', 'equalto', 'user')|map(attribute='content')|join(', ')|truncate(9) }}",
        "{{ messages|groupby('role')|list }}{{ [3, 1, 2]|sort(reverse=true)|batch(2, 0)|list }}{{ d|dictsort|first }}",
        "{% filter upper|trim %}{% raw -%} {{ }} {%- endraw %}{#- c -#}{% generation %}{{ x }}{% endgeneration %}"
            + "{% endfilter %}",
        "{{ '%5.2f|%-8s|%(k)s' % 1.5 }}{{ '{0!r:>{1}}|{k.a[0]:,}'.format(x, 5, k=d) }}{{ 'a' * 3 ~ range(5, 0, -2) }}",
        "{% with a = 1, b = x %}{% if a < 2 <= 3 and b in 'abc' or not c %}{{ strftime_now('%d %B %Y') }}{% endif %}"
            + "{% endwith %}",
        "{% for k, v in d|items %}{{ loop.cycle(k, v) }}{{ loop.changed(v) }}{{ loop.previtem }}{% continue %}"
            + "{% endfor %}",
        "{% set y %}a{{ raise_exception(x) }}{% endset %}{{ x|e|safe + '<' }}{{ cycler(1, 2).next() }}",
        "{% set ns = namespace(a='ab', l=[]) %}{% for i in range(50) %}{% set ns.a = ns.a + ns.a %}"
            + "{% set ns.l = [ns.l] %}{% endfor %}{{ joiner('|')() }}{{ x|center(20) }}",
    ]

    private static let jinjaSyntax = [
        "{{", "}}", "{%", "%}", "{%-", "-%}", "{#", "#}", "+%}", "|", "(", ")", "[", "]", "{", "}", "'", "\"", "~",
        "**", "//", ".", ",", ":", "::", "=", "==", "is ", "not ", "in ", "if ", "else", "for ", "endfor", "endif",
        "set ", "endset", "macro ", "loop", "loop.length", "|list", "|map('", "|tojson", "|int", "|string", "ns.a", "x",
        "messages", "range(9)", "namespace()", "99999999999", "9223372036854775807", "-9223372036854775808", "1e308",
        "0x", "\\u", "\\x4", "\u{1F600}", "\u{301}", "\r\n", " * 9999", "'a' * 99999999", ".replace('', 'bbbb')",
        "|join('bbbb')", "[0]", "[-1:]", "[::-1]", "()", ".items()", "{% endmacro %}",
    ]
}
