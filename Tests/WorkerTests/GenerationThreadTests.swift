import Diagnostics
import Engine
import Foundation
import GGUFFixtures
import ModelFiles
import Protocol
import Testing
import Tokenizers
import Transport

@testable import Worker

/// Units whose texts are generated, on a small model with random weights. Its tokens are letters.
@Suite struct GenerationThreadTests {
    private let embedder: Embedder

    init() throws {
        let letters = (0..<40).map { $0 < 26 ? String(UnicodeScalar(UInt8(97 + $0))) : "t\($0)" }
        embedder = try RandomLlama().embedder(predictsTokens: true) {
            $0.replace("tokenizer.ggml.tokens", .strings(letters))
        }
    }

    private func computation(
        sequences: Int = 8, cacheTokens: Int = 2048, maxTokens: Int = 0
    ) throws -> GenerationComputation {
        let room = GenerationRoom(
            sequences: sequences, cacheBytes: cacheTokens * embedder.cacheBytesPerToken, units: 4)
        let job = JobSpecification(
            job: "job", modelPath: "", modelDigest: "", precision: .f32, backend: .native, readouts: [],
            maxTokens: maxTokens, heartbeatMilliseconds: 1000, generation: room)
        return try GenerationComputation(job: job, room: room, embedder: embedder)
    }

    private static let settings = GenerationSettings(maxNewTokens: 24, temperature: 6, topP: 0.95, seed: 3)

    /// Rows of these prompts, each with so many texts to generate.
    private func payload(
        _ prompts: [String], from first: UInt64 = 0, texts: Int = 2, _ settings: GenerationSettings = settings
    ) -> UnitPayload {
        let items = prompts.enumerated().map { row, prompt in
            UnitPayload.Item(
                row: first + UInt64(row),
                text: RenderedItem(
                    prompt: RenderedText(prompt), responses: Array(repeating: RenderedText(""), count: texts)))
        }
        return UnitPayload(work: .generate(settings), responses: nil, items: items)
    }

    /// What becomes of units that are given to one thread at the same time, by their lanes.
    private func results(
        of payloads: [UnitPayload], _ computation: GenerationComputation
    ) throws -> [Int: Session.Event] {
        let events = ThreadQueue<Session.Event>()
        let thread = GenerationThread(index: 0, computation: computation, embedder: embedder) { events.post($0) }
        defer { thread.stop() }
        for (lane, payload) in payloads.enumerated() {
            thread.compute(lane, Lease(unit: UnitID(UInt64(lane + 1)), attempt: 1), .embed(payload), scorer: nil)
        }
        var results: [Int: Session.Event] = [:]
        while results.count < payloads.count {
            let event = try #require(events.next(within: .seconds(60)))
            switch event {
            case .computed(let lane, _), .failed(let lane, _), .cancelled(let lane):
                #expect(results[lane] == nil, "lane \(lane) came to two ends")
                results[lane] = event
            default: break
            }
        }
        return results
    }

    private func result(_ event: Session.Event?) throws -> UnitResult {
        guard case .computed(_, let result) = event else { throw Problem("no result: \(String(describing: event))") }
        return result
    }

    @Test func aRowsTextsAreTheSameInAnyUnit() throws {
        let prompts = ["ab", "abc", "xyz", "q", "hello", "ba"]
        let computation = try computation()
        let whole = try result(results(of: [payload(prompts)], computation)[0])
        #expect(whole.failures == [] && whole.responseCounts == Array(repeating: 2, count: 6))
        let texts = whole.output.texts
        #expect(texts.allSatisfy { (1...24).contains($0.tokens) && !$0.text.isEmpty })
        // A row's two texts differ, and so do two rows'.
        #expect(Set(texts.map(\.text)).count == texts.count)
        let halves = [payload(Array(prompts[..<2])), payload(Array(prompts[2...]), from: 2)]
        let parts = try results(of: halves, computation)
        #expect(try result(parts[0]).output.texts + result(parts[1]).output.texts == texts)
        // With room for one text at a time.
        let narrow = try self.computation(sequences: 1, cacheTokens: 64)
        #expect(try result(results(of: [payload(prompts)], narrow)[0]).output.texts == texts)
        var other = Self.settings
        other.seed = 4
        #expect(try result(results(of: [payload(prompts, other)], computation)[0]).output.texts != texts)
    }

    @Test func whatCannotBeGeneratedFailsItsRowAlone() throws {
        let long = String(repeating: "ab", count: 60)
        let result = try result(results(of: [payload(["ab", "", long, "cd"])], computation(maxTokens: 100))[0])
        #expect(
            result.failures == [
                .init(item: 1, reason: "there is nothing to go on with: the prompt is empty"),
                .init(item: 2, reason: "the prompt has 120 tokens; at most 99 leave room for a new one"),
            ])
        #expect(result.output.texts.map(\.text.isEmpty) == [false, false, true, true, true, true, false, false])
        let crowded = try self.result(results(of: [payload([long, "b"])], computation(cacheTokens: 128))[0])
        #expect(crowded.failures.map(\.item) == [0])
        #expect(crowded.failures[0].reason.contains("128 tokens that a lane holds (raise generation.cache_mib"))
        // A unit of nothing else is done at once.
        #expect(try self.result(results(of: [payload([""])], computation())[0]).failures.count == 1)
    }

    @Test func aCancelledUnitEndsAndTheOthersGoOn() throws {
        let computation = try computation()
        let payloads = [payload(["ab", "cd"]), payload(["ef"], from: 2), payload(["gh"], from: 3)]
        let undisturbed = try results(of: payloads, computation)
        let units = try UnitGeneration(computation, embedder)
        for (lane, payload) in payloads.enumerated() {
            let lease = Lease(unit: UnitID(UInt64(lane + 1)), attempt: 1)
            #expect(try units.add(.embed(payload), lease, lane: lane).isEmpty)
        }
        for _ in 0..<3 { _ = try units.advance() }
        #expect(units.remove(1))
        #expect(!units.remove(1), "it is gone already")
        var ended: [Int] = []
        while !units.isIdle {
            for case .computed(let lane, let result) in try units.advance() {
                ended.append(lane)
                #expect(try result.output == self.result(undisturbed[lane]).output)
            }
        }
        #expect(ended.sorted() == [0, 2])
    }

    /// A lane that is cancelled when its unit is done already has another one, perhaps: nothing is said of it.
    @Test func aCancellationThatComesTooLateIsNothing() throws {
        let events = ThreadQueue<Session.Event>()
        let thread = GenerationThread(index: 0, computation: try computation(), embedder: embedder) {
            if case .progress = $0 { return }
            events.post($0)
        }
        defer { thread.stop() }
        thread.cancel(0)
        thread.compute(0, Lease(unit: UnitID(1), attempt: 1), .embed(payload(["a"])), scorer: nil)
        guard case .computed(0, _) = events.next(within: .seconds(60)) else {
            Issue.record("the unit after a late cancellation was not computed")
            return
        }
    }

    /// Whether the model's context is the end or what the job takes for it.
    @Test func aTextThatFillsTheContextSaysSo() throws {
        let prompt = String(repeating: "ab", count: 45)
        let settings = GenerationSettings(maxNewTokens: 24)
        let texts = try result(
            results(of: [payload([prompt, "ab"], texts: 1, settings)], computation(maxTokens: 100))[0]
        )
        .output.texts
        #expect(texts.map(\.tokens) == [10, 24] && texts.map(\.ending) == [.context, .limit])
    }

    @Test func unitsOfOtherWorkAreRefused() throws {
        let payload = UnitPayload(work: .embed, responses: nil, items: payload(["a"]).items)
        guard case .failed(0, let reason) = try results(of: [payload], computation())[0] else {
            Issue.record("it was computed")
            return
        }
        #expect(reason == "a unit that generates no texts, in a job that does")
    }

    @Test func aCacheOfLessThanAPageIsRefused() {
        #expect(throws: Problem.self) { try computation(cacheTokens: 31) }
    }

    @Test func whatIsNoTextIsMadeOne() {
        func text(_ bytes: [UInt8]) -> String {
            GenerationComputation.text(Continuation(tokens: [1], bytes: bytes, ending: .limit), maxNewTokens: 1).text
        }
        #expect(text(Array("aé".utf8)) == "aé")
        #expect(text(Array("aé".utf8).dropLast()) == "a")
        #expect(text(Array("a👩".utf8).dropLast()) == "a" && text(Array("a👩".utf8).dropLast(3)) == "a")
        #expect(text([0x61, 0xFF, 0x62]) == "a\u{FFFD}b")
        // Continuation bytes without a beginning are no cut-off character.
        #expect(text([0x80, 0x80, 0x80, 0x80]) == "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}")
        #expect(text([]) == "")
    }
}
