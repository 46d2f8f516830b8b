import Diagnostics
import Testing

@Suite struct FoundTextTests {
    @Test func whatControlsATerminalIsEscaped() {
        #expect("a\u{1B}[2J\n\u{202E}b".quoted == #""a\u{1B}[2J\n\u{202E}b""#)
        #expect("žluť".quoted == "\"žluť\"")
    }

    @Test func whereAQuotedTextEndsIsSeen() {
        #expect(#"a", found "b"#.quoted == #""a\", found \"b""#)
        #expect(#"\u{1B}\"#.quoted == #""\\u{1B}\\""#)
        #expect(#"a "b" \"#.excerpt() == #"a "b" \"#)
    }

    /// One character may have any number of accents.
    @Test func aLongTextIsCutByItsScalars() {
        let accents = "e" + String(repeating: "\u{301}", count: 200)
        #expect(accents.excerpt().unicodeScalars.count == 65)
        #expect(accents.excerpt().hasSuffix("…"))
        #expect("abc".excerpt(scalars: 3) == "abc")
        #expect("abcd".excerpt(scalars: 3) == "abc…")
    }

    @Test func aListShowsTheFirstDozen() {
        #expect([String]().listed == "none")
        #expect(["a", "b"].listed == "a, b")
        #expect((1...14).map { "\($0)" }.listed == "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 and 2 more")
    }
}
