internal import Diagnostics
internal import Engine
internal import Protocol
internal import SeededRandom
internal import Tokenizers

/// Turns a unit's texts into what is asked of a `Generator`, and what comes back into the unit's result.
struct GenerationComputation: Sendable {
    let room: GenerationRoom
    private let embedder: Embedder
    private let tokensMax: Int

    /// Tokens whose keys and values each lane holds.
    let cacheTokens: Int

    /// - Throws: `Problem` where the model cannot do what the job asks.
    init(job: JobSpecification, room: GenerationRoom, embedder: Embedder) throws {
        let contextLength = embedder.model.contextLength
        tokensMax = job.maxTokens > 0 ? min(job.maxTokens, contextLength) : contextLength
        // More than all texts together can have is never used.
        let page = Generator.pageTokens
        let most = room.sequences * ((tokensMax + page - 1) / page * page)
        cacheTokens = min(room.cacheBytes / embedder.cacheBytesPerToken, most)
        guard cacheTokens >= Generator.pageTokens else {
            throw Problem(
                """
                generation.cache_mib is \(room.cacheBytes >> 20); \(embedder.model.name) takes \
                \(embedder.cacheBytesPerToken) bytes for the keys and values of a token, and at least \
                \(Generator.pageTokens) tokens must fit
                """)
        }
        self.room = room
        self.embedder = embedder
    }

    /// What is asked of each text, or why a row cannot be generated.
    enum Row {
        case requests([GenerationRequest])
        case failure(String)
    }

    func row(_ item: UnitPayload.Item, _ settings: GenerationSettings) -> Row {
        var requests: [GenerationRequest] = []
        for (number, response) in item.text.responses.enumerated() {
            let prompt = item.text.prompt
            let start = prompt.text.utf8.count
            let controls =
                prompt.controlRanges
                + response.controlRanges.map { $0.lowerBound + start..<$0.upperBound + start }
            let tokens = embedder.tokenize(
                Array(prompt.text.utf8) + Array(response.text.utf8), responseOffset: start,
                controlTokens: controls.isEmpty ? .none : .within(controls)
            ).tokens
            guard !tokens.isEmpty else { return .failure("there is nothing to go on with: the prompt is empty") }
            guard tokens.count < tokensMax else {
                return .failure(
                    "the prompt has \(tokens.count) tokens; at most \(tokensMax - 1) leave room for a new one")
            }
            let most = min(tokens.count + settings.maxNewTokens, tokensMax)
            guard most <= cacheTokens / Generator.pageTokens * Generator.pageTokens else {
                return .failure(
                    """
                    the prompt's \(tokens.count) tokens and \(settings.maxNewTokens) new ones do not fit into the keys and \
                    values of \(cacheTokens) tokens that a lane holds (raise generation.cache_mib, and begin anew with --restart)
                    """)
            }
            requests.append(
                GenerationRequest(
                    prompt: tokens, maxNewTokens: min(settings.maxNewTokens, tokensMax - tokens.count),
                    sampling: Sampling(temperature: settings.temperature, topP: settings.topP),
                    seed: Self.seed(settings.seed, row: item.row, text: number),
                    endTokens: embedder.tokenizer.endTokens, stops: settings.stops.map { Array($0.utf8) }))
        }
        return .requests(requests)
    }

    /// Another one for each text of the step, whatever unit it is in.
    static func seed(_ seed: UInt64, row: UInt64, text: Int) -> UInt64 {
        var step = SeededGenerator(seed: seed)
        var own = SeededGenerator(seed: step.next() &+ row)
        return own.next() &+ UInt64(text)
    }

    /// What the model wrote, as text. The bytes of a character that is cut off at the end are left out; others that are no
    /// UTF-8 are replaced.
    ///
    /// - Parameter maxNewTokens: that were asked for. Where there was room for fewer, the context cut the text off, or what
    ///   the job takes for one.
    static func text(_ continuation: Continuation, maxNewTokens: Int) -> GeneratedText {
        let ending: GeneratedText.Ending =
            switch continuation.ending {
            case .endToken: .end
            case .stopText: .stop
            case .limit: continuation.tokens.count < maxNewTokens ? .context : .limit
            case .context: .context
            }
        return GeneratedText(
            text: String(decoding: continuation.bytes.withoutCutOffCharacter, as: UTF8.self),
            tokens: continuation.tokens.count, ending: ending)
    }
}

extension [UInt8] {
    /// Without the beginning of a character at the end whose other bytes are missing.
    fileprivate var withoutCutOffCharacter: ArraySlice<UInt8> {
        // The lead byte is among the last three, where the character has up to four.
        for length in 1...3 where count >= length {
            let byte = self[count - length]
            if byte & 0b1100_0000 == 0b1000_0000 { continue }  // a continuation byte: look further
            let needed = byte >= 0xF0 ? 4 : byte >= 0xE0 ? 3 : byte >= 0xC0 ? 2 : 1
            return needed > length ? dropLast(length) : self[...]
        }
        return self[...]
    }
}
