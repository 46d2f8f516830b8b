import Diagnostics
import Engine
import GGUFFixtures
import ModelFiles
import Protocol
import Testing
import Tokenizers

@testable import Worker

/// Units of rows with any number of responses, on a small model with random weights. Its tokens are letters.
@Suite struct UnitComputationTests {
    private static let readouts = [Readout(-1, .lastToken), Readout(1, .meanResponse), Readout(0, .meanText)]
    private let embedder: Embedder
    private let lane: Lane
    private let hidden = 64

    init() throws {
        let letters = (0..<40).map { $0 < 26 ? String(UnicodeScalar(UInt8(97 + $0))) : "t\($0)" }
        embedder = try RandomLlama().embedder { $0.replace("tokenizer.ggml.tokens", .strings(letters)) }
        lane = try embedder.makeLane()
    }

    private func computation(
        _ readouts: [Readout] = readouts, everyLayer: [Protocol.Pooling] = [], choosing: Bool = false,
        keeping kept: [Readout] = [], maxTokens: Int = 0, truncation: Truncation = .error
    ) throws -> UnitComputation {
        let job = JobSpecification(
            job: "job", modelPath: "", modelDigest: "", precision: .f32, backend: .native, readouts: readouts,
            everyLayer: everyLayer, choosesReadouts: choosing, maxTokens: maxTokens, truncation: truncation,
            heartbeatMilliseconds: 1000, keptReadouts: kept)
        return try UnitComputation(job: job, embedder: embedder)
    }

    private static let rows = [("ab", ["cdefg"]), ("xyz", ["a", "bcd", "zyxwv"]), ("q", ["rs", "rt"])]

    private func payload(
        _ work: WorkKind = .embed, _ rows: [(String, [String])] = rows, names: [String]? = nil
    ) -> UnitPayload {
        let items = rows.enumerated().map { row, texts in
            UnitPayload.Item(
                row: UInt64(row),
                text: RenderedItem(prompt: RenderedText(texts.0), responses: texts.1.map { RenderedText($0) }))
        }
        return UnitPayload(work: work, responses: names, items: items)
    }

    /// A text's vector, computed alone.
    private func vector(_ prompt: String, _ response: String, _ readout: Readout) throws -> [Float] {
        let sequence = embedder.tokenize(
            Array((prompt + response).utf8), responseOffset: prompt.utf8.count, controlTokens: .none)
        #expect(sequence.tokens.count == prompt.count + response.count && sequence.responseStart == prompt.count)
        let layer = readout.layer.resolved(layerCount: 2)
        let embeddings = try lane.embed([sequence], layers: [layer], poolings: [.init(readout.pooling)]) { _ in true }
        return Array(embeddings[sequence: 0, layer: layer])
    }

    private func embed(
        _ computation: UnitComputation, _ payload: UnitPayload, for scorer: Scorer? = nil
    ) throws -> EmbeddedUnit {
        try computation.embed(payload, for: scorer, on: lane) { _ in true }
    }

    @Test func everyTextHasEveryReadout() throws {
        let computation = try computation()
        let unit = try embed(computation, payload())
        #expect(unit.responseCounts == [1, 3, 2] && unit.failures == [] && unit.kept == nil)
        let expected = try Self.rows.flatMap { prompt, responses in
            try responses.flatMap { response in try Self.readouts.flatMap { try vector(prompt, response, $0) } }
        }
        #expect(unit.vectors.count == expected.count)
        let largest = zip(unit.vectors, expected).reduce(0) { max($0, abs($1.0 - $1.1)) }
        print("largest difference to texts alone: \(largest)")
        #expect(largest < 1e-5)
        let result = try computation.result(of: unit, Lease(1), scorer: nil)
        #expect(result.output == .states(Tensor(unit.vectors, shape: [6, 3, hidden])))
        #expect(result.rows == [0, 1, 2] && result.responseCounts == [1, 3, 2])
    }

    @Test func scoresAreOfEveryTextAndEveryDirection() throws {
        let computation = try computation()
        let unit = try embed(computation, payload(.project))
        let matrices = [1, 3, 2].map { count in (0..<count * hidden).map { Float($0 % 7) - 3 } }
        let scorer = try Scorer(
            zip(Self.readouts, matrices).map { readout, matrix in
                .init(
                    readout.resolved(layerCount: 2), Tensor(matrix, shape: [matrix.count / hidden, hidden]))
            })
        let result = try computation.result(of: unit, Lease(1), scorer: scorer)
        let scores = result.output.values
        #expect(result.output == .scores(scores, scorer: scorer.digest))
        #expect(scores.shape == [6, 6])
        let direct = try scorer.scores(
            of: unit.vectors, rows: [1, 3, 2], readouts: scorer.parts.map(\.readout), hiddenSize: hidden)
        #expect(try scores.doubles() == direct)
        #expect(throws: Problem.self) { try computation.result(of: unit, Lease(1), scorer: nil) }
    }

    @Test func everyLayersPoolingsFollowWhatIsNamed() throws {
        let unit = try embed(computation([Self.readouts[1]], everyLayer: [.meanResponse, .lastToken]), payload())
        let readouts = [
            Self.readouts[1], Readout(1, .lastToken), Readout(2, .lastToken), Readout(2, .meanResponse),
        ]
        #expect(unit.readouts == readouts)
        let named = try embed(computation(readouts), payload())
        #expect(unit.vectors == named.vectors && !unit.vectors.isEmpty)
    }

    /// Nothing else is computed, so that a result does not depend on when the scorer came.
    @Test func whereTheFitChoosesTextsAreEmbeddedToTheScorersReadoutsAlone() throws {
        let choosing = try computation([], everyLayer: Protocol.Pooling.allCases, choosing: true)
        #expect(try embed(choosing, payload()).readouts.count == 6)
        let scorer = Scorer(Readout(1, .meanResponse), direction: (0..<hidden).map { Float($0 % 5) - 2 })
        let unit = try embed(choosing, payload(.project), for: scorer)
        #expect(unit.readouts == [Readout(1, .meanResponse)])
        let plain = try computation([Readout(1, .meanResponse)])
        #expect(try unit.vectors == embed(plain, payload(.project)).vectors)
        let result = try choosing.result(of: unit, Lease(1), scorer: scorer)
        #expect(
            try result == plain.result(of: embed(plain, payload(.project)), Lease(1), scorer: scorer).taking(result))

        let withoutScorer = #expect(throws: Problem.self) { try embed(choosing, payload(.project)) }
        #expect(withoutScorer?.description == "expected a scorer, which says what to embed to; found none")
        let other = Scorer(Readout(0, .meanText), direction: Array(repeating: 1, count: hidden))
        let refused = #expect(throws: Problem.self) { try embed(choosing, payload(.project), for: other) }
        #expect(refused?.description == "a scorer of layer 0, mean, which the job does not ask for")
    }

    /// A plain unit is what the first readout of several is.
    @Test func whatIsKeptIsOfEveryTextInTheStoresOrder() throws {
        let kept = [Readout(2, .lastToken), Readout(-3, .meanText), Readout(-1, .lastToken)]
        let unit = try embed(computation([Self.readouts[0]], keeping: kept), payload())
        let embeddings = try #require(unit.kept)
        // Layer 2 is the last one.
        let readouts = [Readout(0, .meanText), Readout(2, .lastToken)]
        #expect(embeddings.vectors.shape == [6, 2, hidden] && embeddings.exponents.count == 12)
        var halves = HalfVectors()
        for (prompt, responses) in Self.rows {
            for response in responses {
                for readout in readouts { halves.append(try vector(prompt, response, readout)) }
            }
        }
        #expect(embeddings.exponents == halves.exponents)
        let expected = Tensor(halves: halves.elements, shape: embeddings.vectors.shape)
        let same = zip(embeddings.vectors.bytes, expected.bytes).count { $0 == $1 }
        #expect(Double(same) > 0.99 * Double(expected.bytes.count), "\(same) of \(expected.bytes.count)")
        let last = (0..<6).flatMap { text in
            HalfVectors.vector(
                embeddings.vectors.bytes[(2 * text + 1) * 2 * hidden..<(2 * text + 2) * 2 * hidden], scale: 1)
        }
        #expect(zip(last, unit.vectors).allSatisfy { abs($0 - $1) <= 0x1p-10 * max(abs($1), 0x1p-4) })
    }

    @Test func aRowThatCannotBeEmbeddedLeavesTheOthersAlone() throws {
        let rows = [Self.rows[0], ("ab", ["c", "", "de"]), ("abcdefgh", ["i", "jkl"]), Self.rows[2]]
        let computation = try computation(keeping: [Readout(1, .lastToken)], maxTokens: 9)
        let unit = try embed(computation, payload(.embed, rows))
        #expect(
            unit.failures == [
                .init(item: 1, reason: "the 2. response has no tokens of its own"),
                .init(item: 2, reason: "prompt and 2. response have 11 tokens; at most 9 fit"),
            ])
        let alone = try embed(computation, payload(.embed, [Self.rows[0], Self.rows[2]]))
        let perText = Self.readouts.count * hidden
        #expect(unit.responseCounts == [1, 3, 2, 2])
        let good = unit.vectors[..<perText] + unit.vectors[(6 * perText)...]
        #expect(zip(good, alone.vectors).allSatisfy { abs($0 - $1) < 1e-5 } && good.count == alone.vectors.count)
        #expect(unit.vectors[perText..<6 * perText].allSatisfy { $0 == 0 })
        #expect(unit.kept?.vectors.shape == [8, 1, hidden])
        #expect(unit.kept?.vectors.bytes[2 * hidden..<12 * hidden].allSatisfy { $0 == 0 } == true)
        let named = try embed(computation, payload(.embed, [("ab", ["c", ""])], names: ["chosen", "rejected"]))
        #expect(named.failures.map(\.reason) == ["the rejected response has no tokens of its own"])
    }

    @Test func rowsThatAreTooLongAreCutAndMarked() throws {
        let rows = [("ab", ["cd", "e"]), ("abcdefgh", ["i", "jklm"]), ("abcdefghijk", ["lm", "no"])]
        let end = try embed(computation(maxTokens: 9, truncation: .keepEnd), payload(.embed, rows))
        #expect(end.failures.isEmpty && end.truncated == [1, 2])
        try expect(end, is: [rows[0], ("defgh", ["i", "jklm"]), ("efghijk", ["lm", "no"])])
        let start = try embed(computation(maxTokens: 9, truncation: .keepStart), payload(.embed, rows))
        #expect(
            start.failures == [
                .init(
                    item: 2,
                    reason: "the prompt has 11 tokens; at most 9 fit, which leaves nothing of the 1. response")
            ])
        #expect(start.truncated == [1])
        try expect(start, is: [rows[0], ("abcdefgh", ["i", "j"]), nil])
    }

    @Test func responsesThatAreAlikeOnceTheyAreCutAreNoPair() throws {
        let rows = [
            ("abcdefgh", ["ijk", "ijm"]), ("abcdefgh", ["ijk", "ijk"]), ("ab", ["zyxwvutsrq", "ayxwvutsrq"]),
        ]
        let start = try embed(
            computation(maxTokens: 9, truncation: .keepStart), payload(.embed, rows, names: ["chosen", "rejected"]))
        let reason = "the chosen and the rejected response are alike in the 9 tokens that fit"
        #expect(start.failures == [.init(item: 0, reason: reason)] && start.truncated == [1, 2])
        let end = try embed(
            computation(maxTokens: 9, truncation: .keepEnd), payload(.embed, rows, names: ["chosen", "rejected"]))
        #expect(end.failures == [.init(item: 2, reason: reason)] && end.truncated == [0, 1])
    }

    /// Whether a unit has the vectors of these texts, nil for rows that failed.
    private func expect(_ unit: EmbeddedUnit, is rows: [(String, [String])?]) throws {
        let perText = Self.readouts.count * hidden
        var place = 0
        for (row, count) in zip(rows, unit.responseCounts) {
            for (prompt, response) in row.map({ row in row.1.map { (row.0, $0) } }) ?? [] {
                let expected = try Self.readouts.flatMap { try vector(prompt, response, $0) }
                let found = unit.vectors[place..<place + perText]
                #expect(zip(found, expected).allSatisfy { abs($0 - $1) < 1e-5 }, "\(prompt) \(response)")
                place += perText
            }
            if row == nil { place += count * perText }
        }
        #expect(place == unit.vectors.count)
    }

    @Test func aLayerThatTheModelDoesNotHaveIsRefused() {
        for layer in [3, -4] as [LayerChoice] {
            let error = #expect(throws: Problem.self) {
                try computation([Readout(0, .lastToken), Readout(layer, .lastToken)])
            }
            #expect(error?.description.contains("embedding.layer is \(layer); ") == true)
            #expect(error?.description.contains("layers 0 to 2, or -1 to -3 counted from the last") == true)
        }
    }
}

extension UnitResult {
    /// With the time that another took.
    fileprivate func taking(_ other: UnitResult) -> UnitResult {
        var result = self
        result.computeMicroseconds = other.computeMicroseconds
        return result
    }
}
