internal import SwiftProtobuf
import Testing

@testable import Protocol

@Suite struct GenerationCodingTests {
    @Test func settingsThatNobodyCanHonourAreRefused() {
        func problem(_ change: (inout GenerationSettings) -> Void) -> String? {
            var settings = MessageSamples.generation
            change(&settings)
            #expect((settings.problem == nil) == ((try? GenerationSettings(settings.wire)) != nil))
            return settings.problem?.setting
        }
        #expect(problem { _ in } == nil)
        #expect(problem { $0.temperature = 0 } == nil)
        #expect(problem { $0.maxNewTokens = 0 } == "max_new_tokens")
        #expect(problem { $0.maxNewTokens = 32_769 } == "max_new_tokens")
        for temperature in [-0.1, 101, .nan, .infinity] {
            #expect(problem { $0.temperature = temperature } == "temperature")
        }
        for topP in [0, -1, 1.01, .nan] { #expect(problem { $0.topP = topP } == "top_p") }
        #expect(problem { $0.stops = [""] } == "stop")
        #expect(problem { $0.stops = [String(repeating: "é", count: 129)] } == "stop")
        #expect(problem { $0.stops = Array(repeating: "a", count: 17) } == "stop")
    }

    /// A unit says how its texts are generated if it generates some, and a result that it was asked so.
    @Test func workAndSettingsGoTogether() {
        var payload = MessageSamples.prompts.wire
        payload.clearGeneration()
        #expect(throws: ProtocolError.self) { try UnitPayload(payload) }
        payload = MessageSamples.raggedPayload.wire
        payload.generation = MessageSamples.generation.wire
        #expect(throws: ProtocolError.self) { try UnitPayload(payload) }
    }

    @Test func textsMustFillTheirFrame() throws {
        let wire = MessageSamples.generated.wire
        let values = MessageSamples.generated.output.values
        #expect(try UnitResult(wire, values, kept: nil) == MessageSamples.generated)
        func refuses(_ change: (inout WireUnitResult) -> Void, _ values: Tensor = values) -> Bool {
            var wire = wire
            change(&wire)
            return (try? UnitResult(wire, values, kept: nil)) == nil
        }
        #expect(refuses { $0.texts[0].bytes -= 1 })
        #expect(refuses { $0.texts[0].bytes = .max })
        // The border of two texts inside of a character.
        #expect(
            refuses {
                $0.texts[0].bytes -= 1
                $0.texts[1].bytes += 1
            })
        #expect(refuses { $0.texts[0].ending = .unspecified })
        #expect(refuses { $0.texts[0].tokens = 40_000 })
        #expect(refuses { $0.scorerDigest = "d1" })
        #expect(refuses({ _ in }, Tensor(Array(values.bytes.dropLast()))))
        #expect(refuses({ _ in }, Tensor([1, 2] as [Float], shape: [1, 2])))
        var scores = MessageSamples.scores.wire
        scores.texts = wire.texts
        #expect(throws: ProtocolError.self) { try UnitResult(scores, MessageSamples.scores.output.values, kept: nil) }
    }

    @Test func aResultIsComparedWithWhatItsUnitAsksFor() {
        var result = MessageSamples.generated
        func misfit(_ settings: GenerationSettings) -> String? {
            let step = WorkStep(id: StepID(1), name: "texts", work: .generate(settings), responses: nil)
            return result.misfit(for: (2, step), of: MessageSamples.generatingJob, MessageSamples.model, nil)
        }
        #expect(misfit(MessageSamples.generation) == nil)
        var other = MessageSamples.generation
        other.seed = 1
        #expect(misfit(other)?.contains("work 3") == true)
        result.output = .init(.generate(MessageSamples.generation), texts: Array(result.output.texts.dropLast()))
        #expect(misfit(MessageSamples.generation) == "3 generated texts; the unit needs 4")
        var short = MessageSamples.generation
        short.maxNewTokens = 100
        result.output = .init(.generate(short), texts: MessageSamples.generated.output.texts)
        #expect(misfit(short) == "a text of 1024 tokens; the unit asks for at most 100")
    }

    @Test func aRowsTextsAreKeptAsTheyAre() throws {
        let texts = MessageSamples.generated.output.texts
        let bytes = try MessageSamples.generated.output.elements(ofTexts: 1..<4, of: 4)
        #expect(try GeneratedText.texts(serialized: bytes) == Array(texts[1...]))
    }
}
