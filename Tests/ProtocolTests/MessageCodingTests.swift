import Protocol
import Testing

@Suite struct MessageCodingTests {
    @Test(arguments: MessageSamples.all) func aMessageComesOutAsItWentIn(_ message: Message) throws {
        #expect(try Message(frames: message.frames()) == message)
    }

    @Test func theSamplesHoldEveryKindOfMessage() {
        #expect(Set(MessageSamples.all.map(\.fieldNumber)) == Set(Array(10...18) + Array(30...41) + [50, 51]))
    }

    @Test(arguments: MessageSamples.all) func theSameMessageAlwaysHasTheSameFrames(_ message: Message) throws {
        #expect(try message.frames() == message.frames())
    }

    @Test func aTensorTravelsInAFrameOfItsOwn() throws {
        let frames = try Message.worker(.result(MessageSamples.result)).frames()
        #expect(frames.count == 2)
        #expect(frames[1] == MessageSamples.result.output.values.bytes)
        #expect(try Message.worker(.goodbye(reason: "")).frames().count == 1)
    }

    @Test func aNumberThatIsNoneTravelsBitByBit() throws {
        let nan = Double(bitPattern: 0x7FF8_0000_DEAD_BEEF)
        var result = MessageSamples.scores
        result.output = .scores(Tensor([nan, -0.0], shape: [2, 1]), scorer: "d")
        guard case .worker(.result(let decoded)) = try Message(frames: Message.worker(.result(result)).frames()) else {
            return #expect(Bool(false), "another kind of message came out")
        }
        #expect(try decoded.output.values.doubles().map(\.bitPattern) == [nan.bitPattern, (-0.0).bitPattern])
    }

    @Test(arguments: MessageSamples.payload.items + MessageSamples.anchors.items)
    func anItemComesOutOfTheLedgerAsItWentIn(_ item: UnitPayload.Item) throws {
        let (prompt, rest) = try item.serialized()
        #expect(prompt == Array(item.text.prompt.text.utf8))
        #expect(try UnitPayload.Item(prompt: prompt, rest: rest) == item)
    }

    /// All layers of a large model under every pooling: far more than a scorer has frames.
    @Test func aJobMayKeepEveryLayerOfALargeModel() throws {
        var job = MessageSamples.job
        job.keptReadouts = (0...1000).flatMap { layer in Pooling.allCases.map { Readout(LayerChoice(layer), $0) } }
        let message = Message.coordinator(.welcome(job))
        #expect(try Message(frames: message.frames()) == message)
    }

    @Test func aResultSaysWhatItIs() throws {
        for result in [MessageSamples.result, MessageSamples.scores] {
            let frames = try Message.worker(.result(result)).frames()
            guard case .worker(.result(let decoded)) = try Message(frames: frames) else {
                return #expect(Bool(false), "another kind of message came out")
            }
            #expect(decoded.output == result.output)
        }
    }

    @Test(arguments: [1, 3, UnitPayload.responsesMax]) func aRowMayHaveAnyNumberOfResponses(_ count: Int) throws {
        var payload = MessageSamples.payload
        let names = (0..<count).map { "response \($0)" }
        payload.responses = names
        payload.items[0].text.responses = names.map { RenderedText($0) }
        let message = Message.coordinator(.assignment(MessageSamples.lease, payload))
        #expect(try Message(frames: message.frames()) == message)
    }
}
