internal import Engine
internal import Protocol

/// The units whose texts a thread generates.
final class UnitGeneration {
    private struct Unit {
        let lease: Lease
        let payload: UnitPayload
        var texts: [GeneratedText]
        var failures: [Int: String] = [:]
        /// Texts that have not ended.
        var open = 0
        var promptTokens = 0
        /// The generator's count when the unit came.
        let tokensBefore: Int
    }

    private let computation: GenerationComputation
    private let generator: Generator
    private var units: [Int: Unit] = [:]
    /// Of each sequence: the unit's lane, and the row and the text in it.
    private var places: [Int: (lane: Int, row: Int, text: Int)] = [:]
    private var sequences = 0
    private let clock = ContinuousClock()
    private var lastProgress: ContinuousClock.Instant
    private var lastResult: ContinuousClock.Instant
    private var tokensAtLastResult = 0

    private static let progressInterval = Duration.milliseconds(500)

    init(_ computation: GenerationComputation, _ embedder: Embedder) throws {
        self.computation = computation
        generator = try embedder.makeGenerator(
            sequences: computation.room.sequences, cacheTokens: computation.cacheTokens)
        lastProgress = clock.now
        lastResult = clock.now
    }

    var isIdle: Bool { generator.sequenceCount == 0 }

    /// - Returns: what is to be said at once: of a unit all of whose rows failed, its result.
    func add(_ work: Session.Work, _ lease: Lease, lane: Int) throws -> [Session.Event] {
        guard case .embed(let payload) = work, let settings = payload.work.generation else {
            return [.failed(lane: lane, reason: "a unit that generates no texts, in a job that does")]
        }
        if isIdle { lastResult = clock.now }
        let empty = GeneratedText(text: "", tokens: 0, ending: .end)
        var unit = Unit(
            lease: lease, payload: payload, texts: Array(repeating: empty, count: payload.textCount),
            tokensBefore: generator.tokensComputed)
        units[lane] = unit
        var text = 0
        do {
            for (row, item) in payload.items.enumerated() {
                switch computation.row(item, settings) {
                case .failure(let reason): unit.failures[row] = reason
                case .requests(let requests):
                    for (number, request) in requests.enumerated() {
                        places[sequences] = (lane, row, text + number)
                        try generator.add(request, id: sequences)
                        sequences += 1
                        unit.open += 1
                        unit.promptTokens += request.prompt.count
                    }
                }
                text += item.text.responses.count
            }
        } catch {
            // With all that was added of it before.
            _ = remove(lane)
            throw error
        }
        units[lane] = unit
        return unit.open == 0 ? [finish(lane)].compactMap(\.self) : []
    }

    /// - Returns: whether the lane had a unit.
    func remove(_ lane: Int) -> Bool {
        guard units.removeValue(forKey: lane) != nil else { return false }
        let own = Set(places.filter { $0.value.lane == lane }.keys)
        generator.remove { own.contains($0) }
        own.forEach { places[$0] = nil }
        return true
    }

    /// - Returns: the lanes that had a unit.
    func removeAll() -> [Int] {
        units.keys.sorted().filter { remove($0) }
    }

    /// Computes the next token of each text that is under way.
    func advance() throws -> [Session.Event] {
        var events: [Session.Event] = []
        for (sequence, outcome) in try generator.advance() {
            guard let place = places.removeValue(forKey: sequence), var unit = units[place.lane] else { continue }
            switch outcome {
            case .finished(let continuation):
                let text = GenerationComputation.text(
                    continuation, maxNewTokens: unit.payload.work.generation?.maxNewTokens ?? 0)
                let (bytes, most) = (text.text.utf8.count, GenerationSettings.textBytesMax)
                if bytes > most { unit.failures[place.row] = "the text has \(bytes) bytes; at most \(most) are kept" }
                unit.texts[place.text] = text
            case .notFinite: unit.failures[place.row] = UnitResult.RowFailure.notFiniteReason
            }
            unit.open -= 1
            units[place.lane] = unit
            if unit.open == 0, let result = finish(place.lane) { events.append(result) }
        }
        return events + progress()
    }

    /// All units come further with each pass, or wait for texts of others that do.
    private func progress() -> [Session.Event] {
        guard clock.now - lastProgress >= Self.progressInterval else { return [] }
        lastProgress = clock.now
        return units.keys.sorted().compactMap { lane in
            units[lane].map { .progress(lane: lane, tokens: UInt64(generator.tokensComputed - $0.tokensBefore)) }
        }
    }

    /// The unit's result. What was computed since the result before counts as this one's.
    private func finish(_ lane: Int) -> Session.Event? {
        guard let unit = units.removeValue(forKey: lane) else { return nil }
        var texts = unit.texts
        var text = 0
        for (row, item) in unit.payload.items.enumerated() {
            for number in text..<text + item.text.responses.count where unit.failures[row] != nil {
                texts[number] = GeneratedText(text: "", tokens: 0, ending: .end)
            }
            text += item.text.responses.count
        }
        defer { (lastResult, tokensAtLastResult) = (clock.now, generator.tokensComputed) }
        return .computed(
            lane: lane,
            UnitResult(
                lease: unit.lease, rows: unit.payload.items.map(\.row),
                responseCounts: unit.payload.items.map(\.text.responses.count),
                output: UnitResult.Output(unit.payload.work, texts: texts),
                failures: unit.failures.sorted { $0.key < $1.key }.map { .init(item: $0.key, reason: $0.value) },
                tokensTotal: UInt64(unit.promptTokens + texts.reduce(0) { $0 + $1.tokens }),
                tokensComputed: UInt64(generator.tokensComputed - tokensAtLastResult),
                computeMicroseconds: UInt64((clock.now - lastResult).seconds * 1e6)))
    }
}
