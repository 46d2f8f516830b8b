import Jinja
import Testing

@Suite struct ErrorTests {
    @Test(arguments: [
        ("{{ x|pprint }}", JinjaError.Kind.unsupported, "line 1, column 6", "pprint"),
        ("a\n {{ x|random }}", .unsupported, "line 2, column 7", "random"),
        ("{{ x|nothing }}", .syntax, "line 1, column 6", "nothing"),
        ("{{ x is nothing }}", .syntax, "line 1, column 9", "nothing"),
        ("{% include 'a' %}", .unsupported, "line 1, column 4", "include"),
        ("{% block a %}{% endblock %}", .unsupported, "line 1, column 4", "block"),
        ("{% for a in b recursive %}{% endfor %}", .unsupported, "line 1, column 15", "recursive"),
        ("{{ 99999999999999999999 }}", .unsupported, "line 1, column 4", "64 bits"),
        ("{{ '\\ud800' }}", .unsupported, "line 1, column 4", "Unicode"),
        ("{{ é }}", .unsupported, "line 1, column 4", "ASCII"),
        ("{{ self.title() }}", .unsupported, "line 1, column 4", "self"),
        ("{{ lipsum() }}", .unsupported, "line 1, column 10", "lipsum"),
        ("{{ ''.encode() }}", .unsupported, "line 1, column 6", "encode"),
        ("{% if x %}", .syntax, "line 1, column 11", "endif"),
        ("{% nothing %}", .syntax, "line 1, column 4", "nothing"),
        ("{{ x", .syntax, "line 1, column 1", "end"),
        ("{# x", .syntax, "line 1, column 1", "#}"),
        ("{% raw %}", .syntax, "line 1, column 1", "endraw"),
        ("{{ 'a }}", .syntax, "line 1, column 4", "quote"),
        ("{{ (1] }}", .syntax, "line 1, column 6", ")"),
        ("{{ 1 + }}", .syntax, "line 1, column 8", "value"),
        ("{% break %}", .syntax, "line 1, column 4", "loop"),
        ("{% for loop in x %}{% endfor %}", .syntax, "line 1, column 8", "loop"),
        ("{% macro m(a, a) %}{% endmacro %}", .syntax, "line 1, column 15", "twice"),
        ("{{ f(a=1, a=2) }}", .syntax, "line 1, column 11", "twice"),
        ("{{ x.y }}", .evaluation, "line 1, column 5", "undefined variable \"x\""),
        ("{{ {}.y.z }}", .evaluation, "line 1, column 8", "without \"y\""),
        ("{{ 1 + 'a' }}", .evaluation, "line 1, column 4", "a whole number and a string"),
        ("{{ 1 / 0 }}", .evaluation, "line 1, column 4", "0"),
        ("{{ 2 ** 64 }}", .limit, "line 1, column 4", "64 bits"),
        ("{{ [].append(1) }}", .evaluation, "line 1, column 13", "refused"),
        ("{{ {}.update({}) }}", .evaluation, "line 1, column 13", "refused"),
        ("{{ ''.__class__.__mro__ }}", .evaluation, "line 1, column 16", "refused"),
        ("{% set a, b = [1] %}", .evaluation, "line 1, column 8", "fewer"),
        ("{% set x = 1 %}{% set x.a = 1 %}", .evaluation, "line 1, column 23", "namespace"),
        ("{% set ns = namespace(_a=1) %}", .evaluation, "line 1, column 22", "_a"),
        ("{{ strftime_now('%Q') }}", .unsupported, "line 1, column 16", "%Q"),
        ("{{ range(3, 1, 0) }}", .evaluation, "line 1, column 9", "step"),
        ("{{ [1]|tojson(indent=1, x=2) }}", .evaluation, "line 1, column 8", "\"x\""),
        ("{{ x|tojson }}", .evaluation, "line 1, column 6", "undefined"),
        ("{% for x in 3 %}{% endfor %}", .evaluation, "line 1, column 13", "items"),
    ])
    func anErrorNamesWhatAndWhere(_ source: String, _ kind: JinjaError.Kind, _ place: String, _ words: String) {
        let error = failure(source)
        #expect(error?.kind == kind, "\(error.map(String.init(describing:)) ?? "no error")")
        #expect(error?.description.hasPrefix(place + ":") == true, "\(error.map(String.init(describing:)) ?? "")")
        #expect(error?.description.contains(words) == true, "\(error.map(String.init(describing:)) ?? "")")
    }

    @Test func aTemplateRefusesItsInputInItsOwnWords() {
        let error = failure("{{ raise_exception('only ' ~ n ~ ' turns') }}", [("n", .integer(2))])
        #expect(error?.kind == .raised)
        #expect(error?.message == "only 2 turns")
        #expect(error?.description == "line 1, column 19: the template refuses its input: only 2 turns")
    }

    @Test func foreignWordsInMessagesControlNoTerminal() {
        let error = failure("{{ raise_exception(x) }}", [("x", .input("a\u{1B}[31mb"))])
        #expect(error?.description.contains("\u{1B}") == false)
    }

    @Test func aFilterThatNobodyKnowsIsNoErrorInABranchThatIsNotTaken() throws {
        #expect(try text("{% if 'nothing' is filter %}{{ 'a'|nothing }}{% else %}b{% endif %}") == "b")
        #expect(failure("{% if true %}{{ 'a'|nothing }}{% endif %}")?.kind == .evaluation)
        #expect(failure("{% if false %}{% for a in b %}{{ a|nothing }}{% endfor %}{% endif %}")?.kind == .syntax)
    }
}
