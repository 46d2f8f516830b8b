import Engine
import Protocol
import Testing

@testable import Worker

/// Which tokens of texts that are too long are left.
@Suite struct TokenLimitTests {
    private static let bos: Int32 = 1

    /// A BOS token, so many tokens of a prompt, from 100 on, and of a response, from 200 on.
    private func text(prompt: Int, response: Int, bos: Bool = true) -> TokenSequence {
        let tokens = (bos ? [Self.bos] : []) + (0..<prompt).map { 100 + Int32($0) }
        return TokenSequence(tokens: tokens + (0..<response).map { 200 + Int32($0) }, responseStart: tokens.count)
    }

    private func limit(_ tokens: Int, _ truncation: Truncation, expectsBOS: Bool = true) -> TokenLimit {
        TokenLimit(tokens: tokens, truncation, bosToken: expectsBOS ? Self.bos : nil)
    }

    @Test(arguments: [Truncation.error, .keepEnd, .keepStart])
    func whatFitsStaysAsItIs(_ truncation: Truncation) {
        let whole = [text(prompt: 4, response: 5), text(prompt: 4, response: 1)]
        var row = whole
        #expect(!limit(10, truncation).cut(&row))
        #expect(row == whole)
    }

    @Test func errorCutsNothing() {
        let whole = [text(prompt: 4, response: 5)]
        var row = whole
        #expect(!limit(3, .error).cut(&row))
        #expect(row == whole)
    }

    @Test func theTextsOfARowLoseAsManyTokensOfTheirPrompt() {
        var row = [text(prompt: 4, response: 5), text(prompt: 4, response: 2)]
        #expect(limit(8, .keepEnd).cut(&row))
        #expect(row[0] == TokenSequence(tokens: [1, 102, 103, 200, 201, 202, 203, 204], responseStart: 3))
        #expect(row[1] == TokenSequence(tokens: [1, 102, 103, 200, 201], responseStart: 3))
    }

    @Test func aResponseThatIsTooLongByItselfLosesItsBeginningAndTheOtherOneNone() {
        var row = [text(prompt: 2, response: 9), text(prompt: 2, response: 3)]
        #expect(limit(5, .keepEnd).cut(&row))
        #expect(row[0] == TokenSequence(tokens: [1, 205, 206, 207, 208], responseStart: 1))
        #expect(row[1] == TokenSequence(tokens: [1, 200, 201, 202], responseStart: 1))
    }

    @Test func onlyABOSThatTheModelExpectsStays() {
        var row = [text(prompt: 4, response: 3)]
        #expect(limit(5, .keepEnd, expectsBOS: false).cut(&row))
        #expect(row[0] == TokenSequence(tokens: [102, 103, 200, 201, 202], responseStart: 2))
        row = [text(prompt: 4, response: 3, bos: false)]
        #expect(limit(5, .keepEnd).cut(&row))
        #expect(row[0] == TokenSequence(tokens: [102, 103, 200, 201, 202], responseStart: 2))
    }

    @Test func ofOneTokenItIsTheResponses() {
        var row = [text(prompt: 4, response: 3)]
        #expect(limit(1, .keepEnd).cut(&row))
        #expect(row[0] == TokenSequence(tokens: [202], responseStart: 0))
    }

    @Test func aTextWithoutTokensStaysOne() {
        for expectsBOS in [false, true] {
            var row = [TokenSequence(tokens: [], responseStart: 0), text(prompt: 4, response: 3)]
            #expect(limit(5, .keepEnd, expectsBOS: expectsBOS).cut(&row))
            #expect(row[0] == TokenSequence(tokens: [], responseStart: 0))
        }
    }

    @Test func theBeginningsAreKeptOfEachTextByItself() {
        var row = [text(prompt: 4, response: 5), text(prompt: 4, response: 2)]
        #expect(limit(7, .keepStart).cut(&row))
        #expect(row[0] == TokenSequence(tokens: [1, 100, 101, 102, 103, 200, 201], responseStart: 5))
        #expect(row[1] == text(prompt: 4, response: 2))
        #expect(limit(3, .keepStart).cut(&row))
        #expect(row[0].tokens == [1, 100, 101] && row[0].responseStart == 5)
    }
}
