import Tokenizers

/// Continues sequences, many at a time, with all the memory it needs. Created and used on one thread.
///
/// Each advance runs one plan: the next token of every sequence that is under way, and as much of the prompts of those that
/// begin as makes the plan as large as matrix products like it. One that ends makes room for the next at once. On the engine's
/// own kernels a sequence's tokens are the same whatever else is under way.
public final class Generator {
    private let transformer: TransformerModel
    private let tokenizer: Tokenizer
    private let forwardPass: ForwardPass
    private let projection: VocabularyProjection
    private let cache: KeyValueCache
    private let sampler = TokenSampler()
    private let sequencesMax: Int
    private var pages: KeyValuePages

    /// In the order in which they are begun.
    private var waiting: [Sequence] = []
    /// In the order in which they were begun.
    private var active: [Sequence] = []

    /// Rows that were computed so far, with those that were computed again.
    public private(set) var tokensComputed = 0

    /// Where the time of all calls went.
    public var times: PartTimes { forwardPass.times + projection.times }

    /// Sequences that were added and have not ended.
    public var sequenceCount: Int { waiting.count + active.count }

    /// The cache of keys and values is handed out in pieces of so many tokens.
    public static let pageTokens = KeyValuePages.slots

    /// How one of them came to its end.
    public enum Outcome: Sendable, Hashable {
        case finished(Continuation)
        /// The model's states are not finite.
        case notFinite
    }

    /// Of prompts in a pass, however many sequences have their next token in it: they hold pages while they wait.
    private static let promptRowsMin = 64

    private struct Sequence {
        let id: Int
        let request: GenerationRequest
        /// The prompt, and what came after it.
        var tokens: [Int32]
        /// Its first tokens, whose keys and values are in `pages`.
        var computed = 0
        var pages: [Int] = []
        /// Of the new tokens.
        var bytes: [UInt8] = []

        var pending: Int { tokens.count - computed }
        var newTokens: ArraySlice<Int32> { tokens[request.prompt.count...] }
    }

    /// - Parameters:
    ///   - sequences: under way at the same time, at most; others wait.
    ///   - cacheTokens: tokens of all of them whose keys and values are held; where that is too few, the one that was begun
    ///     last waits, and is computed again.
    init(_ transformer: TransformerModel, tokenizer: Tokenizer, sequences: Int, cacheTokens: Int) throws {
        precondition(sequences > 0 && cacheTokens >= KeyValuePages.slots, "a generator with room for nothing")
        self.transformer = transformer
        self.tokenizer = tokenizer
        sequencesMax = sequences
        forwardPass = try ForwardPass(transformer)
        projection = try VocabularyProjection(transformer)
        pages = KeyValuePages(count: cacheTokens / KeyValuePages.slots)
        cache = KeyValueCache(
            transformer.configuration, format: transformer.keyValueFormat, slots: pages.count * KeyValuePages.slots)
    }

    // MARK: Sequences

    /// Puts a sequence behind those that wait.
    ///
    /// - Parameter id: names it in what `advance` returns.
    /// - Throws: `GenerationError` where it cannot be continued.
    public func add(_ request: GenerationRequest, id: Int) throws {
        precondition(request.maxNewTokens > 0, "no new tokens are asked for")
        precondition(request.stops.allSatisfy { !$0.isEmpty }, "an empty stop text")
        let (context, vocabulary) = (transformer.configuration.contextLength, transformer.vocabularySize)
        guard !request.prompt.isEmpty else { throw GenerationError.emptyPrompt }
        if let other = request.prompt.first(where: { $0 < 0 || $0 >= vocabulary }) {
            throw GenerationError.tokenOutOfRange(other, vocabulary: vocabulary)
        }
        guard request.prompt.count < context else {
            throw GenerationError.promptTooLong(tokens: request.prompt.count, context: context)
        }
        let most = min(request.prompt.count + request.maxNewTokens, context)
        guard KeyValuePages.pages(forTokens: most) <= pages.count else {
            throw GenerationError.cacheTooSmall(tokens: most, cache: pages.count * KeyValuePages.slots)
        }
        waiting.append(Sequence(id: id, request: request, tokens: request.prompt))
    }

    /// Forgets sequences, whether they wait or are under way.
    public func remove(where isRemoved: (_ id: Int) -> Bool) {
        waiting.removeAll { isRemoved($0.id) }
        for sequence in active where isRemoved(sequence.id) { pages.release(sequence.pages) }
        active.removeAll { isRemoved($0.id) }
    }

    /// Computes the next token of each sequence that is under way, and begins those that there is room for.
    ///
    /// - Returns: those that ended.
    /// - Throws: an error of the matrix library.
    public func advance() throws -> [(id: Int, outcome: Outcome)] {
        let (plan, asked) = nextPlan()
        guard plan.rowCount > 0 else { return [] }
        tokensComputed += plan.rowCount
        try forwardPass.run(plan, cache: cache) { _, states, rows in projection.take(states, rows: rows.count) }
        var outcomes: [Int: Outcome] = [:]
        try projection.forEachRow { row, logits in
            let index = asked[row]
            outcomes[index] = logits.map { next(of: &active[index], $0) } ?? .notFinite
        }
        let ended = outcomes.keys.sorted()
        defer { for index in ended.reversed() { active.remove(at: index) } }
        return ended.compactMap { index in
            pages.release(active[index].pages)
            return outcomes[index].map { (active[index].id, $0) }
        }
    }

    /// Chooses a sequence's next token; returns how it ends, if it does.
    private func next(
        of sequence: inout Sequence, _ logits: UnsafeMutableBufferPointer<Float>
    ) -> Outcome? {
        let request = sequence.request
        guard
            let token = sampler.token(
                by: logits, request.sampling, seed: request.seed, position: sequence.newTokens.count)
        else { return .notFinite }
        func finished(_ ending: Continuation.Ending) -> Outcome {
            .finished(Continuation(tokens: Array(sequence.newTokens), bytes: sequence.bytes, ending: ending))
        }
        if request.endTokens.contains(token) { return finished(.endToken) }
        sequence.tokens.append(token)
        let known = sequence.bytes.count
        // A model may have more rows than its tokenizer has tokens.
        if token < tokenizer.vocabularySize { sequence.bytes += tokenizer.bytes(of: token) }
        if let stop = request.stops.compactMap({ sequence.bytes.firstRange(of: $0, endingAfter: known) }).min() {
            sequence.bytes.removeSubrange(stop...)
            return finished(.stopText)
        }
        if sequence.newTokens.count == request.maxNewTokens { return finished(.limit) }
        return sequence.tokens.count < transformer.configuration.contextLength ? nil : finished(.context)
    }

    // MARK: Plans

    /// The rows of the next pass, and whose next token each asked row says, by its index among the active ones.
    private func nextPlan() -> (RowPlan, asked: [Int]) {
        var plan = RowPlan(layers: [transformer.configuration.layerCount], slots: .inPlace)
        var asked: [(row: Int32, sequence: Int)] = []
        // What is left for prompts once each sequence has its next token.
        var room = max(MicroBatch.targetRows - active.count { $0.pending == 1 }, Self.promptRowsMin)
        func nextRows(of index: Int) -> Int { active[index].pending == 1 ? 1 : min(active[index].pending, room) }
        func run(_ index: Int) {
            let rows = nextRows(of: index)
            if active[index].pending > 1 { room -= rows }
            append(rows, of: &active[index], to: &plan)
            if rows > 0, active[index].pending == 0 { asked.append((Int32(plan.rowCount) - 1, index)) }
        }
        var index = 0
        var isCrowded = false
        while index < active.count {
            while index < active.count, !reserve(nextRows(of: index), at: index) {
                isCrowded = true
                suspendLast()
            }
            guard index < active.count else { break }
            run(index)
            index += 1
        }
        while !isCrowded, room > 0, begin() { run(active.count - 1) }
        plan.ask(for: asked.map(\.row))
        return (plan, asked.map(\.sequence))
    }

    /// Takes the pages that the next rows of a sequence need; false where there are too few.
    private func reserve(_ rows: Int, at index: Int) -> Bool {
        let needed = KeyValuePages.pages(forTokens: active[index].computed + rows)
        while active[index].pages.count < needed {
            guard let page = pages.take() else { return false }
            active[index].pages.append(page)
        }
        return true
    }

    /// Lets the sequence that was begun last wait. Its tokens stay; what was computed of them is computed again.
    private func suspendLast() {
        var sequence = active.removeLast()
        pages.release(sequence.pages)
        sequence.pages = []
        sequence.computed = 0
        waiting.insert(sequence, at: 0)
    }

    /// Begins the first of those that wait, if there is room for all its tokens, and for those that are under way to grow.
    private func begin() -> Bool {
        guard active.count < sequencesMax, var sequence = waiting.first else { return false }
        sequence.pages = pages.shared(beginningOf: sequence.tokens)
        sequence.computed = sequence.pages.count * KeyValuePages.slots
        // With one more, for the first new token.
        let needed = KeyValuePages.pages(forTokens: sequence.tokens.count + 1) - sequence.pages.count
        guard active.isEmpty || pages.freeCount >= needed + active.count else {
            pages.release(sequence.pages)
            return false
        }
        for _ in 0..<KeyValuePages.pages(forTokens: sequence.tokens.count) - sequence.pages.count {
            guard let page = pages.take() else { preconditionFailure("free pages that cannot be taken") }
            sequence.pages.append(page)
        }
        waiting.removeFirst()
        active.append(sequence)
        return true
    }

    /// Puts the next rows of a sequence into a plan, those of each page as one run.
    private func append(_ rows: Int, of sequence: inout Sequence, to plan: inout RowPlan) {
        let end = sequence.computed + rows
        while sequence.computed < end {
            let page = sequence.computed / KeyValuePages.slots
            let place = sequence.computed % KeyValuePages.slots
            let count = min(KeyValuePages.slots - place, end - sequence.computed)
            let own = KeyValuePages.slots(ofPage: sequence.pages[page])
            let slot = own.lowerBound + place
            let tokens = sequence.computed..<sequence.computed + count
            plan.append(
                sequence.tokens[tokens], positions: Int32(tokens.lowerBound)..<Int32(tokens.upperBound), slot: slot,
                attended: sequence.pages[..<page].map(KeyValuePages.slots(ofPage:))
                    + [own.lowerBound..<slot + count])
            sequence.computed += count
            guard place + count == KeyValuePages.slots else { continue }
            let first = page * KeyValuePages.slots
            pages.remember(
                sequence.pages[page], after: page == 0 ? nil : sequence.pages[page - 1],
                tokens: sequence.tokens[first..<first + KeyValuePages.slots])
        }
    }
}

extension Embedder {
    /// What continues sequences, for the thread that calls this.
    ///
    /// - Parameters:
    ///   - sequences: under way at the same time, at most; others wait.
    ///   - cacheTokens: tokens of all of them whose keys and values are held, each with `cacheBytesPerToken`.
    /// - Throws: an error of the matrix library.
    /// - Precondition: the model was loaded to predict tokens.
    public func makeGenerator(sequences: Int, cacheTokens: Int) throws -> Generator {
        try Generator(transformer, tokenizer: tokenizer, sequences: sequences, cacheTokens: cacheTokens)
    }

    /// Bytes of one token's keys and values in all layers.
    public var cacheBytesPerToken: Int {
        let configuration = transformer.configuration
        let elements = 2 * configuration.layerCount * configuration.keyValueHeadCount * configuration.headDimension
        return elements * (transformer.keyValueFormat == .bf16 ? 2 : 4)
    }
}

extension [UInt8] {
    /// Where the first occurrence of `pattern` begins whose end lies after `known`; nil where there is none.
    fileprivate func firstRange(of pattern: [UInt8], endingAfter known: Int) -> Int? {
        guard count >= pattern.count, count > known else { return nil }
        return (Swift.max(known - pattern.count + 1, 0)...Swift.max(count - pattern.count, 0)).first {
            self[$0..<$0 + pattern.count].elementsEqual(pattern)
        }
    }
}
