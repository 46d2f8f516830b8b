internal import Diagnostics
internal import Engine
internal import Protocol
internal import Tokenizers

/// A row as tokens, or why it cannot be embedded.
struct TokenizedRow {
    private(set) var sequences: [TokenSequence]
    private(set) var failure: String?

    /// Whether tokens of it were left out.
    let isTruncated: Bool

    init(_ item: UnitPayload.Item, of payload: UnitPayload, by embedder: Embedder, _ limit: TokenLimit) {
        let prompt = item.text.prompt
        sequences = item.text.responses.map { response in
            let start = prompt.text.utf8.count
            let controls =
                prompt.controlRanges
                + response.controlRanges.map { $0.lowerBound + start..<$0.upperBound + start }
            return embedder.tokenize(
                Array(prompt.text.utf8) + Array(response.text.utf8), responseOffset: start,
                controlTokens: controls.isEmpty ? .none : .within(controls))
        }
        let whole = sequences
        isTruncated = limit.cut(&sequences)
        for (index, sequence) in sequences.enumerated() where failure == nil {
            let name = payload.name(ofResponse: index)
            if sequence.tokens.count > limit.tokens {
                failure = """
                    prompt and \(name) response have \(sequence.tokens.count) tokens; at most \(limit.tokens) fit
                    """
            } else if whole[index].responseStart >= whole[index].tokens.count {
                failure = "the \(name) response has no tokens of its own"
            } else if sequence.responseStart >= sequence.tokens.count {
                failure = """
                    the prompt has \(whole[index].responseStart.counted("token")); at most \(limit.tokens) fit, which leaves nothing of \
                    the \(name) response
                    """
            } else if sequence == sequences[0], whole[index] != whole[0] {
                failure = """
                    the \(payload.name(ofResponse: 0)) and the \(name) response are alike in the \(limit.tokens) tokens that fit
                    """
            }
        }
    }
}
