import SeededRandom
import Testing

@testable import Tokenizers

/// The regular expressions that tokenizers split texts by. Expectations that are no matter of definition are those of
/// Oniguruma 6.9 as Hugging Face's `tokenizers` 0.23 calls it.
struct RegexTests {
    /// What an `Isolated` split makes of a text.
    static func pieces(_ pattern: String, _ text: String, stepsPerByte: Int = 64) throws -> [String] {
        let bytes = Array(text.utf8)
        let splitter = Splitter(pattern: .regex(try RegexProgram(pattern)), behavior: .isolated)
        return pieces(splitter, bytes).map { String(decoding: bytes[$0], as: UTF8.self) }
    }

    static func pieces(_ splitter: Splitter, _ bytes: [UInt8]) -> [Range<Int>] {
        var scratch = RegexScratch()
        var pieces: [Range<Int>] = []
        bytes.withUnsafeBufferPointer { splitter.split($0, &scratch, into: &pieces) }
        return pieces
    }

    @Test(arguments: [
        (#"a{1,2}+"#, "aaaaab", ["aaaaa", "b"]), (#"a{,2}"#, "aaa", ["aa", "a"]), (#"x{"#, "ax{", ["a", "x{"]),
        (#"(?i:'s|'t)"#, "a'S'\u{17F}'x", ["a", "'S", "'\u{17F}", "'x"]), (#"(?i)[a-c]+"#, "aBx", ["aB", "x"]),
        (#"a|b(?i)c|d"#, "adbCbDx", ["a", "d", "bC", "bD", "x"]),
        (#"[^(\s|[.,!?])]+"#, "a(b|c.d", ["a", "(", "b", "|", "c", ".", "d"]),
        (#"[\p{L}&&[^\p{Han}]]+"#, "ab世界c", ["ab", "世界", "c"]), (#"\p{^L}+"#, "a12b", ["a", "12", "b"]),
        (#"(?=(\d{3})+(?!\d))"#, "a1234567", ["a1", "234", "567"]),
        (#"\d{1,3}(?=(?:\d{3})*\b)"#, "1234567 89", ["1", "234", "567", " ", "89"]),
        (#"(?<=a|xy)b"#, "abxybb", ["a", "b", "xy", "b", "b"]), (#"(?<!a)b"#, "abb", ["ab", "b"]),
        (#"(?>a+)b"#, "aab", ["aab"]), (#"a++ab"#, "aaab", ["aaab"]), (#"a+?"#, "aa", ["a", "a"]),
        (#"\s+$"#, "a \n b  ", ["a", " ", "\n b", "  "]), (#"^a"#, "aa\na", ["a", "a\n", "a"]),
        (#"\R"#, "a\r\n\n", ["a", "\r\n", "\n"]), (#"[]a]"#, "a]b", ["a", "]", "b"]),
        (#"\h+"#, "xaf", ["x", "af"]), (#"(?<name>a)(?#b)"#, "ba", ["b", "a"]), (#"\x41\x{42}\u0043"#, "ABC", ["ABC"]),
        (#"(a|ab)(c|bcd)(d*)"#, "abcd", ["abcd"]), (#"\w+"#, "a²_\u{200D}b", ["a²_", "\u{200D}", "b"]),
    ])
    func aConstructSplitsAsInTheReference(_ pattern: String, _ text: String, _ expected: [String]) throws {
        #expect(try Self.pieces(pattern, text) == expected)
    }

    @Test(arguments: [
        #"(a)\1"#, #"\X"#, #"\p{Greek}"#, #"(?x)a"#, #"[[:alpha:]]"#, #"a**(?1)"#, "(a", "a)", "[a", #"(?~a)"#,
        #"(a*)*"#,
        #"(?<=a+)b"#, #"a{3,2}"#, #"a{2000}"#, #"[b-a]"#, #"[a-\d]"#, #"\"#, "*a", #"(?i:\p{Lu})"#, #"\q"#, "[]",
        #"a{2}?"#,
        String(repeating: "(", count: 100), String(repeating: "a", count: 20000),
        String(repeating: "(ab|cd)", count: 200),
    ])
    func whatIsNotSupportedIsRefusedWithItsPlace(_ pattern: String) {
        let error = #expect(throws: RegexError.self) { try RegexProgram(pattern) }
        #expect(error?.description.contains("character") == true)
    }

    @Test(arguments: SplitBehavior.all) func behavioursJoinMatchesAsTheReference(_ behavior: SplitBehavior) throws {
        let expected: [SplitBehavior: [String]] = [
            .removed: ["a", "bc"], .isolated: ["-", "a", "-", "-", "bc", "-"],
            .mergedWithPrevious: ["-", "a-", "-", "bc-"], .mergedWithNext: ["-a", "-", "-bc", "-"],
            .contiguous: ["-", "a", "--", "bc", "-"],
        ]
        let want = expected[behavior] ?? []
        let bytes = Array("-a--bc-".utf8)
        let splitter = Splitter(pattern: .literal(Array("-".utf8)), behavior: behavior)
        #expect(Self.pieces(splitter, bytes).map { String(decoding: bytes[$0], as: UTF8.self) } == want)
    }

    /// Noting failures changes the time that a match takes, never the match.
    @Test func notesChangeNoMatch() throws {
        var random = SeededGenerator(seed: 4)
        let atoms = [
            "a", "b", "[ab]", "[^a]", ".", "(a|b)", "(?:ab|a)", "(?=b)", "(?!a)", "(?>a*)", "a*", "b+", "a?", "(ab)*",
            "(a|bc)+?",
            "[ab]*+", "(?<=a)", "a{1,3}", "\\b", "^",
        ]
        var compared = 0
        for _ in 0..<1500 {
            let pattern = (0..<Int.random(in: 1...6, using: &random)).map { _ in
                (atoms.randomElement(using: &random) ?? "a") + (Int.random(in: 0..<5, using: &random) == 0 ? "|" : "")
            }.joined()
            guard let program = try? RegexProgram(pattern) else { continue }
            let text = (0..<Int.random(in: 0...24, using: &random)).map { _ in
                "aab bc".utf8.randomElement(using: &random) ?? 0x61
            }
            var scratch = RegexScratch()
            let results = [0, 64].map { steps in
                text.withUnsafeBufferPointer { text in
                    program.withMatcher(in: text, &scratch, stepsPerByte: steps) { matcher in
                        (0...text.count).map { matcher.next(from: $0) }
                    }
                }
            }
            compared += 1
            #expect(results[0] == results[1], "\(pattern) on \(String(decoding: text, as: UTF8.self))")
        }
        #expect(compared > 1000)
    }

    /// Each of these takes exponential or quadratic time where every way is tried.
    @Test(arguments: [
        "(a|aa)+$", "(a|a)*b", "a*a*a*a*a*b", "(?:a+)+b", "a*b", "a++b", "(?=a*b)a", "(?:(?:a|b)*c|a)",
        "a*b|a", "(?:a?){30}a{30}b", "(?!(a|aa)*b)a", "(?>(a|aa)*b)|a", "[a-z]*[0-9]|.",
    ])
    func everyExpressionTakesLinearTime(_ pattern: String) throws {
        let count = 2000
        let text = String(repeating: "a", count: count)
        let program = try RegexProgram(pattern)
        let bytes = Array(text.utf8)
        var scratch = RegexScratch()
        let steps = bytes.withUnsafeBufferPointer { text in
            program.withMatcher(in: text, &scratch) { matcher in
                var position = 0
                while position < text.count, let match = matcher.next(from: position) {
                    position = max(match.upperBound, position + 1)
                }
                return matcher.stepCount
            }
        }
        #expect(steps < 500 * count, "\(steps / count) steps for each byte")
    }
}

/// The scanners against the expressions that they stand for, compiled.
struct WordScannerTests {
    @Test(arguments: WordScanner.allCases) func everyScannerSplitsAsItsExpression(_ scanner: WordScanner) throws {
        var random = SeededGenerator(seed: 23)
        let words = Splitter(pattern: .regex(try RegexProgram(scanner.pattern)), behavior: .isolated)
        let digits = Splitter(pattern: .scalars(.numeric), behavior: .isolated)
        for _ in 0..<6000 {
            let text = RandomText.bytes(&random)
            var expected: [Int] = []
            let parts = scanner == .smollm ? RegexTests.pieces(digits, text) : [0..<text.count]
            for part in parts {
                expected += RegexTests.pieces(words, Array(text[part])).map { part.lowerBound + $0.upperBound }
            }
            let found = text.withUnsafeBufferPointer { buffer in
                let scalars = ScalarScanner(bytes: buffer, newNumbers: scanner == .smollm)
                var ends: [Int] = []
                while (ends.last ?? 0) < buffer.count {
                    ends.append(scanner.wordEnd(in: scalars, from: ends.last ?? 0))
                }
                return ends
            }
            guard found == expected else {
                Issue.record(
                    "\(String(decoding: text, as: UTF8.self).debugDescription): \(found), expected \(expected)")
                return
            }
        }
    }

    @Test func everyNameHasOneRuleThatCanBeMade() throws {
        let names = NamedPreTokenizer.all.flatMap(\.names)
        #expect(Set(names).count == names.count)
        for rule in NamedPreTokenizer.all { _ = try rule.preTokenizer() }
    }
}

/// What patterns tell apart, often; any scalar; and bytes that are no UTF-8.
enum RandomText {
    private static let pieces = [
        " ", "  ", "\t", "\n", "\r\n", " \n ", "\u{85}", "\u{A0}", "\u{3000}", "\u{200B}", "'", "'s", "'T", "'Re",
        "'ll",
        "'\u{17F}", "a", "B", "é", "ſ", "ب", "世", "ǅ", "ʰ", "1", "23", "456", "٣", "½", "Ⅷ", "²", "!", "--", "€",
        "e\u{301}",
        "👍🏽", "\u{0}", "_", "\u{11DE0}", "한", "▁", "/", "hello", "World",
    ]

    static func bytes(_ random: inout SeededGenerator) -> [UInt8] {
        var bytes: [UInt8] = []
        for _ in 0..<Int.random(in: 1...12, using: &random) {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: bytes.append(UInt8.random(in: 0...255, using: &random))
            case 1:
                let scalar = Unicode.Scalar(UInt32.random(in: 0..<0x20000, using: &random))
                if let scalar { bytes += Array(String(Character(scalar)).utf8) }
            default: bytes += Array((pieces.randomElement(using: &random) ?? "").utf8)
            }
        }
        return bytes
    }
}

extension SplitBehavior {
    static let all: [SplitBehavior] = [.removed, .isolated, .mergedWithPrevious, .mergedWithNext, .contiguous]
}
