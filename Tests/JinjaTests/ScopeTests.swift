import Jinja
import Testing

/// Where a variable that is set is seen: the expected texts are those of Jinja2 3.1.6.
@Suite struct ScopeTests {
    @Test(arguments: [
        // What only some branches set is the rendering's variable in the others.
        ("{% if false %}{% set x = 1 %}{% endif %}{{ x }}", "given"),
        (
            "{% if true %}{% set y = 1 %}{% elif true %}{% set z = 2 %}{% else %}{"
                + "% set x = 3 %}{% endif %}{{ x }}{{ y }}{{ z }}",
            "given1"
        ),
        // What the template sets itself is undefined before that.
        ("{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% set x = 1 %}{{ m() }}", "1"),
        ("{% set x %}{{ x }}!{% set x = 2 %}{{ x }}{% endset %}{{ x }}", "!2"),
        // A loop, a macro and a block have variables of their own.
        ("{% for y in l %}{{ x }}{% set x = y %}{{ x }}{% endfor %}{{ x }}", "givenagivenbgiven"),
        ("{% for y in l %}{% if loop.first %}{% set x = y %}{% endif %}{{ x }}{% endfor %}", "agiven"),
        (
            "{% for x in l %}{% macro m() %}{{ x }}{% endmacro %}{{ m() }}{% endfo"
                + "r %}{{ m is defined }}{{ x }}",
            "abFalsegiven"
        ),
        ("{% with x = x ~ 1 %}{{ x }}{% set x = 3 %}{{ x }}{% endwith %}{{ x }}", "given13given"),
        (
            "{% macro m(x) %}{% if x %}{% set x = 'in' %}{% endif %}{{ x }}{% endm"
                + "acro %}{{ m('') }}{{ m(1) }}{{ x }}",
            "ingiven"
        ),
        ("{% macro m() %}{% set x = x ~ 1 %}{{ x }}{% endmacro %}{{ m() }}{{ m() }}", "given1given1"),
        // A loop's condition does not see what its body sets.
        ("{% for y in l if y != x %}{% set x = 'a' %}{{ y }}{% endfor %}", "ab"),
    ])
    func variablesAreSeenWhereJinja2ShowsThem(_ source: String, _ expected: String) throws {
        let variables: [(String, JinjaValue)] = [("x", .input("given")), ("l", .list([.input("a"), .input("b")]))]
        #expect(try text(source, variables) == expected)
    }

    @Test func numbersKeepTheirAuthorThroughArithmetic() throws {
        let variables: [(String, JinjaValue)] = [("n", .integer(3))]
        #expect(
            try marked("{{ 1 + 2 * 3 }}{{ 1 + n }}{{ n // 2 }}{{ -n }}{{ n|abs }}{{ [n, 1]|max }}", variables)
                == "⟦7⟧41-333")
        #expect(
            try marked("{{ '<|image_' ~ (1 + 1) ~ '|>' }}{{ '<|image_' ~ n ~ '|>' }}", variables)
                == "⟦<|image_2|><|image_⟧3⟦|>⟧")
    }
}
