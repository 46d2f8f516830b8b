import Protocol
import SeededRandom
import Testing

/// Frames damaged at random, from fixed seeds: whatever comes, it is a message or one of two errors, never a crash.
@Suite struct MutatedFrameTests {
    private static let mutationsPerSample = 1000

    @Test(arguments: MessageSamples.all.indices) func aDamagedHeaderIsAnErrorOrAnotherMessage(_ index: Int) throws {
        var random = SeededGenerator(seed: UInt64(index) + 1)
        let original = try MessageSamples.all[index].frames()
        var refused = 0
        for round in 0..<Self.mutationsPerSample {
            var frames = original
            frames[0] = random.mutated(original[0])
            guard let message = try decoded(frames) else {
                refused += 1
                continue
            }
            let again = try message.frames()
            #expect(try Message(frames: again).frames() == again, "seed \(index + 1), round \(round)")
            // Each absent submessage may come back as an empty one: two bytes for at least two that came.
            #expect(again[0].count <= 2 * frames[0].count + 16, "seed \(index + 1), round \(round)")
        }
        #expect(refused > Self.mutationsPerSample / 4)
    }

    @Test func aDamagedBulkFrameIsAlwaysAnError() throws {
        for (seed, message) in zip(UInt64(1)..., MessageSamples.all) {
            let original = try message.frames()
            guard original.count == 2 else { continue }
            var random = SeededGenerator(seed: seed)
            for round in 0..<Self.mutationsPerSample {
                let damaged = random.mutated(original[1])
                guard damaged != original[1] else { continue }
                #expect(throws: ProtocolError.self, "seed \(seed), round \(round)") {
                    try Message(frames: [original[0], damaged])
                }
            }
        }
    }

    @Test func framesOfOtherMessagesAreErrorsOrMessages() throws {
        let frames = try MessageSamples.all.map { try $0.frames() }
        for first in frames {
            for second in frames where second.count == 2 {
                _ = try decoded([first[0], second[1]])
                #expect(try decoded([second[1], first[0]]) == nil)
            }
        }
    }

    @Test func randomBytesAreNoMessage() throws {
        var random = SeededGenerator(seed: 7)
        for round in 0..<10_000 {
            let frames = (0...Int.random(in: 0...2, using: &random)).map { _ in
                random.bytes(Int.random(in: 0...64, using: &random))
            }
            #expect(try decoded(frames) == nil, "round \(round)")
        }
    }

    @Test(arguments: MessageSamples.payload.items + MessageSamples.anchors.items)
    func aDamagedItemOfTheLedgerIsAnErrorOrAnItem(_ item: UnitPayload.Item) throws {
        var random = SeededGenerator(seed: 11)
        let original = try item.serialized()
        var refused = 0
        for _ in 0..<5 * Self.mutationsPerSample {
            do {
                let decoded = try UnitPayload.Item(prompt: original.prompt, rest: random.mutated(original.rest))
                let again = try decoded.serialized()
                #expect(try UnitPayload.Item(prompt: again.prompt, rest: again.rest) == decoded)
            } catch {
                refused += 1
            }
        }
        #expect(refused > Self.mutationsPerSample)
    }

    /// nil where the frames are refused as they should be; any other error is thrown on and fails the test.
    private func decoded(_ frames: [[UInt8]]) throws -> Message? {
        do {
            return try Message(frames: frames)
        } catch let problem as ProtocolError {
            #expect(MalformedMessage(frames, problem).description.hasSuffix(problem.description))
            return nil
        } catch is ProtocolVersionMismatch {
            return nil
        }
    }
}
