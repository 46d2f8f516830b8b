internal import Engine
internal import Protocol
internal import Tokenizers

/// How many tokens a text may have, and what becomes of longer ones.
struct TokenLimit: Sendable {
    /// At least 1.
    let tokens: Int
    let truncation: Truncation

    /// What the model expects before every text: it stays where a text's first tokens are left out.
    private let bosToken: Int32?

    init(tokens: Int, _ truncation: Truncation, bosToken: Int32?) {
        self.tokens = tokens
        self.truncation = truncation
        self.bosToken = bosToken
    }

    init(_ job: JobSpecification, _ embedder: Embedder) {
        let contextLength = embedder.model.contextLength
        self.init(
            tokens: job.maxTokens > 0 ? min(job.maxTokens, contextLength) : contextLength, job.truncation,
            bosToken: embedder.tokenizer.addsBOS ? embedder.tokenizer.bosToken : nil)
    }

    /// Cuts the texts of one row.
    ///
    /// - Returns: whether one was cut. Of one that has no place for its response nothing is left of that.
    func cut(_ row: inout [TokenSequence]) -> Bool {
        guard truncation != .error, let longest = row.map(\.tokens.count).max(), longest > tokens else { return false }
        for index in row.indices {
            switch truncation {
            case .error: break
            case .keepEnd: cutBeginning(of: &row[index], promptTokens: longest - tokens)
            case .keepStart: row[index].tokens.removeLast(max(row[index].tokens.count - tokens, 0))
            }
        }
        return true
    }

    /// - Parameter promptTokens: how many of the prompt's to leave out, of which so many may not be there.
    private func cutBeginning(of sequence: inout TokenSequence, promptTokens: Int) {
        let beginsWithBOS = bosToken.map { sequence.tokens.first == $0 } ?? false
        let start = beginsWithBOS && tokens > 1 ? 1 : 0
        let ofPrompt = min(promptTokens, max(sequence.responseStart - start, 0))
        let count = max(ofPrompt, sequence.tokens.count - tokens)
        sequence.tokens.removeSubrange(start..<start + count)
        sequence.responseStart = max(sequence.responseStart - count, start)
    }
}
