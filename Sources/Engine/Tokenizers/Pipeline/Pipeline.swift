/// What a tokenizer does with a text, in this order: the added tokens that are found in it as it is, the normalizers,
/// the added tokens that are found in normalized text, the pre-tokenizer, the model. Both sources build one.
struct Pipeline {
    enum Model {
        case bytePair(BytePairModel)
        case unigram(UnigramModel)
    }

    /// Whether text is characters for it, so that what is no UTF-8 has to become U+FFFD first; else any bytes are text.
    let needsCharacters: Bool
    let addedTokens: AddedTokens
    let normalizers: [Normalizer]
    /// Those that are looked for behind the normalizers.
    let normalizedTokens: AddedTokens
    let preTokenizer: PreTokenizer
    let model: Model
    /// Where a text can be cut before the model sees it, since no token reaches over it.
    let cuts: SafeCuts?

    /// Whether the tokens' bytes are the text again.
    var keepsBytes: Bool { !needsCharacters && normalizers.isEmpty && !preTokenizer.addsText }
}

/// Encodes one text with a pipeline.
struct Encoder {
    private let pipeline: Pipeline
    private(set) var tokens: [Token] = []

    /// The text that is being looked at was made from another one, and that one maybe from another: for each the
    /// alignment, and where it starts in that other one.
    private var sources: [(alignment: Alignment?, start: Int)] = []
    private var bytePairs = BytePairScratch()
    private var unigrams = UnigramScratch()
    private var regex = RegexScratch()
    private var pieces: [Range<Int>] = []
    /// Where the last token ends in the input.
    private var end = 0

    init(_ pipeline: Pipeline, capacity: Int) {
        self.pipeline = pipeline
        tokens.reserveCapacity(capacity)
    }

    // MARK: Stages

    mutating func encode(_ input: UnsafeBufferPointer<UInt8>, _ scope: ControlTokenScope) {
        if pipeline.needsCharacters, let repaired = UTF8Repair.repaired(input) {
            inText(repaired, startingAt: 0) { encoder, text in encoder.splitAtAddedTokens(text, scope) }
        } else {
            splitAtAddedTokens(input, scope)
        }
    }

    private mutating func splitAtAddedTokens(_ text: UnsafeBufferPointer<UInt8>, _ scope: ControlTokenScope) {
        forEachPart(of: text, pipeline.addedTokens, scope) { encoder, start, part in
            encoder.normalize(part, start, scope, normalizer: 0)
        }
    }

    /// Appends the added tokens of a text, and calls `body` with each part between them.
    private mutating func forEachPart(
        of text: UnsafeBufferPointer<UInt8>, _ added: AddedTokens, _ scope: ControlTokenScope,
        _ body: (inout Encoder, Int, UnsafeBufferPointer<UInt8>) -> Void
    ) {
        guard !added.isEmpty else { return body(&self, 0, text) }
        var position = 0
        var start = 0
        while start < text.count {
            let match = added.firstMatch(in: text, from: start, covered: position) { range in
                switch scope {
                case .none: false
                case .everywhere: true
                case .within: scope.allows(sourceRange(of: range))
                }
            }
            guard let match else { break }
            if position < match.range.lowerBound {
                body(&self, position, UnsafeBufferPointer(rebasing: text[position..<match.range.lowerBound]))
            }
            if !match.range.isEmpty || !match.stripsLeft { append(match.token, endingAt: match.range.upperBound) }
            position = match.range.upperBound
            start = match.end
        }
        if position < text.count { body(&self, position, UnsafeBufferPointer(rebasing: text[position...])) }
    }

    private mutating func normalize(
        _ text: UnsafeBufferPointer<UInt8>, _ start: Int, _ scope: ControlTokenScope, normalizer: Int
    ) {
        for index in normalizer..<max(normalizer, pipeline.normalizers.count) {
            guard let result = pipeline.normalizers[index].normalized(text, &regex) else { continue }
            inText(result, startingAt: start) { encoder, text in
                encoder.normalize(text, 0, scope, normalizer: index + 1)
            }
            return
        }
        guard !text.isEmpty else { return }
        if pipeline.normalizedTokens.isEmpty {
            split(text, start, step: 0)
        } else {
            sources.append((nil, start))
            forEachPart(of: text, pipeline.normalizedTokens, scope) { encoder, start, part in
                encoder.split(part, start, step: 0)
            }
            sources.removeLast()
        }
    }

    private mutating func split(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, step index: Int) {
        guard index < pipeline.preTokenizer.steps.count else { return cut(text, start) }
        switch pipeline.preTokenizer.steps[index] {
        case .words(let scanner): splitWords(scanner, text, start, next: index + 1)
        case .split(let splitter):
            let first = pieces.count
            splitter.split(text, &regex, into: &pieces)
            let last = pieces.count
            for piece in first..<last where !pieces[piece].isEmpty {
                let range = pieces[piece]
                split(UnsafeBufferPointer(rebasing: text[range]), start + range.lowerBound, step: index + 1)
            }
            pieces.removeLast(last - first)
        case .prefixSpace:
            guard text.first != 0x20 else { return split(text, start, step: index + 1) }
            var prefixed = AlignedText(capacity: text.count + 1)
            prefixed.replace(to: 0, with: CollectionOfOne(0x20))
            prefixed.copy(text, to: text.count)
            inText(prefixed, startingAt: start) { encoder, text in encoder.split(text, 0, step: index + 1) }
        case .metaspace(let metaspace):
            let replaced = metaspace.replaced(text, isFirst: sourceStart(of: start) == 0)
            inText(replaced, startingAt: start) { encoder, text in
                if metaspace.splits {
                    encoder.splitBefore(metaspace.replacement, text, step: index + 1)
                } else {
                    encoder.split(text, 0, step: index + 1)
                }
            }
        case .spelledBytes: splitSpelling(text, start, step: index + 1)
        }
    }

    private mutating func splitWords(
        _ scanner: WordScanner, _ text: UnsafeBufferPointer<UInt8>, _ start: Int, next: Int
    ) {
        let scalars = ScalarScanner(bytes: text, newNumbers: scanner == .smollm)
        let isLast = next == pipeline.preTokenizer.steps.count
        var position = 0
        while position < text.count {
            let end = scanner.wordEnd(in: scalars, from: position)
            let word = UnsafeBufferPointer(rebasing: text[position..<end])
            if isLast { encode(word, start + position) } else { split(word, start + position, step: next) }
            position = end
        }
    }

    /// Each mark begins a piece.
    private mutating func splitBefore(_ mark: [UInt8], _ text: UnsafeBufferPointer<UInt8>, step index: Int) {
        var start = 0
        var position = 0
        while position < text.count {
            let isMark =
                position > start && text[position] == mark[0] && text.count - position >= mark.count
                && UnsafeBufferPointer(rebasing: text[position..<(position + mark.count)]).elementsEqual(mark)
            if isMark {
                split(UnsafeBufferPointer(rebasing: text[start..<position]), start, step: index)
                start = position
            }
            position += 1
        }
        if start < text.count { split(UnsafeBufferPointer(rebasing: text[start...]), start, step: index) }
    }

    /// The steps that are left see the spelling of the bytes, the model the bytes themselves.
    private mutating func splitSpelling(_ text: UnsafeBufferPointer<UInt8>, _ start: Int, step index: Int) {
        guard index < pipeline.preTokenizer.steps.count else { return cut(text, start) }
        var spelling: [UInt8] = []
        // Of each byte of the spelling, and of its end, how many bytes are spelled before it.
        var places: [Int] = []
        for (offset, byte) in text.enumerated() {
            ByteLevelAlphabet.append(byte, to: &spelling)
            places += repeatElement(offset, count: spelling.count - places.count)
        }
        places.append(text.count)
        var ranges = [0..<spelling.count]
        spelling.withUnsafeBufferPointer { spelling in
            for step in pipeline.preTokenizer.steps[index...] {
                var next: [Range<Int>] = []
                for range in ranges {
                    let first = next.count
                    let piece = UnsafeBufferPointer(rebasing: spelling[range])
                    switch step {
                    case .split(let splitter): splitter.split(piece, &regex, into: &next)
                    case .words(let scanner):
                        let scalars = ScalarScanner(bytes: piece, newNumbers: scanner == .smollm)
                        while (next.count > first ? next[next.count - 1].upperBound : 0) < piece.count {
                            let position = next.count > first ? next[next.count - 1].upperBound : 0
                            next.append(position..<scanner.wordEnd(in: scalars, from: position))
                        }
                    case .prefixSpace, .metaspace, .spelledBytes: next.append(0..<piece.count)
                    }
                    for index in first..<next.count {
                        let found = next[index]
                        next[index] = (range.lowerBound + found.lowerBound)..<(range.lowerBound + found.upperBound)
                    }
                }
                ranges = next
            }
        }
        for range in ranges where !range.isEmpty {
            let bytes = places[range.lowerBound]..<places[range.upperBound]
            encode(UnsafeBufferPointer(rebasing: text[bytes]), start + bytes.lowerBound)
        }
    }

    private mutating func cut(_ text: UnsafeBufferPointer<UInt8>, _ start: Int) {
        guard let cuts = pipeline.cuts else { return encode(text, start) }
        cuts.forEachPart(of: text) { range in
            encode(UnsafeBufferPointer(rebasing: text[range]), start + range.lowerBound)
        }
    }

    private mutating func encode(_ word: UnsafeBufferPointer<UInt8>, _ start: Int) {
        guard !word.isEmpty else { return }
        switch pipeline.model {
        case .bytePair(let model):
            if let token = model.wholeWord(word) { return append(token, endingAt: start + word.count) }
            model.merging.encode(word, &bytePairs)
            for index in 0..<bytePairs.count {
                let (token, end) = bytePairs[index]
                append(token, endingAt: start + end)
            }
        case .unigram(let model):
            model.encode(word, &unigrams)
            for index in unigrams.pieces.indices {
                append(unigrams.pieces[index].token, endingAt: start + unigrams.pieces[index].end)
            }
        }
    }

    // MARK: Places

    /// Looks at a text that was made from the present one's part from `start` on.
    private mutating func inText(
        _ text: AlignedText, startingAt start: Int,
        _ body: (inout Encoder, UnsafeBufferPointer<UInt8>) -> Void
    ) {
        sources.append((text.alignment, start))
        text.bytes.withUnsafeBufferPointer { body(&self, $0) }
        sources.removeLast()
    }

    /// The place in the input of the end of something that ends at `place`.
    @inline(__always)
    private mutating func sourceEnd(of place: Int) -> Int {
        var place = place
        var index = sources.count - 1
        while index >= 0 {
            if let mapped = sources[index].alignment?.sourceEnd(of: place) { place = mapped }
            place += sources[index].start
            index -= 1
        }
        return place
    }

    /// The place in the input of the start of what stands at `place`.
    private func sourceStart(of place: Int) -> Int {
        sources.reversed().reduce(place) { place, source in
            (source.alignment?.sourceStart(of: place) ?? place) + source.start
        }
    }

    private mutating func sourceRange(of range: Range<Int>) -> Range<Int> {
        let start = sourceEnd(of: range.lowerBound)
        return start..<max(start, sourceEnd(of: range.upperBound))
    }

    /// Appends a token that reaches from the end of the one before to `place`.
    @inline(__always)
    private mutating func append(_ token: Int32, endingAt place: Int) {
        let newEnd = max(end, sourceEnd(of: place))
        tokens.append(Token(id: token, bytes: end..<newEnd))
        end = newEnd
    }
}
