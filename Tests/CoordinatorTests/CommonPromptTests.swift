import Testing

@testable import Coordinator

@Suite struct CommonPromptTests {
    private func common(_ prompts: some Sequence<String>) -> PromptDigest? {
        var common = CommonPrompt()
        for (row, prompt) in prompts.enumerated() { common.add(digest(prompt), row: UInt64(row)) }
        return common.prompt
    }

    private func digest(_ prompt: String) -> PromptDigest { PromptDigest(Array(prompt.utf8)) }

    @Test func moreThanHalfOfTheRowsMustHaveIt() {
        #expect(common([]) == nil)
        #expect(common(["a"]) == digest("a"))
        #expect(common(["a", "b"]) == nil)
        #expect(common(["a", "b", "a "]) == digest("a"), "blanks do not count")
        #expect(common((0..<1000).map { $0 % 2 == 0 ? "a" : "\($0)" }) == nil)
        #expect(common((0..<1001).map { $0 % 2 == 0 ? "a" : "\($0)" }) == digest("a"))
    }

    /// Wherever they are in the file.
    @Test func ofManyRowsTheDrawnOnesSaySo() {
        #expect(common((0..<30_000).map { $0 < 18_000 ? "a" : "\($0)" }) == digest("a"))
        #expect(common((0..<30_000).map { $0 < 18_000 ? "\($0)" : "a" }) == nil)
    }
}
