import SwiftProtobuf
import Testing

@testable import Protocol

@Suite struct HostileFrameTests {
    @Test(arguments: HostileFrames.bulkFrames) func framesThatWereNotAnnouncedAreRefused(_ hostile: HostileFrames)
        throws
    {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.tensors) func aTensorUnlikeItsDescriptionIsRefused(_ hostile: HostileFrames) throws {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.keptEmbeddings) func embeddingsThatAreNoneAreRefused(_ hostile: HostileFrames) throws
    {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.scorers) func aScorerThatNobodyCouldProjectOnIsRefused(_ hostile: HostileFrames)
        throws
    {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.results) func aResultThatContradictsItselfIsRefused(_ hostile: HostileFrames) throws
    {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.models) func aWorkerThatCannotBeIsRefused(_ hostile: HostileFrames) throws {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.units) func workThatCannotBeDoneIsRefused(_ hostile: HostileFrames) throws {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.modelTransfers)
    func aModelTransferThatCannotBeIsRefused(_ hostile: HostileFrames) throws {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.modelParts)
    func filesThatCannotBeAModelsAreRefused(_ hostile: HostileFrames) throws {
        try expectRefused(hostile)
    }

    @Test(arguments: HostileFrames.controlRanges)
    func aControlRangeOffItsTextOrItsCharactersIsRefused(_ hostile: HostileFrames) throws {
        try expectRefused(hostile)
    }

    /// They end up in logs, the status and the ledger.
    @Test func aReasonIsKeptShortAndToOneLine() throws {
        let reasons = [
            ("no\nnew\r\n\u{1B}[31mline\u{2028}", "no new   [31mline "),
            (String(repeating: "é", count: 400_000), String(repeating: "é", count: 498) + "…"),
            (String(repeating: "r", count: 1000), String(repeating: "r", count: 1000)),
        ]
        for (reason, kept) in reasons {
            let failure = WireUnitFailure.with { $0.reason = reason }
            #expect(try WorkerMessage.UnitFailure(failure).reason == kept)
            var header = WireHeader()
            header.protocolVersion = ProtocolVersion.current
            header.goodbye.reason = reason
            #expect(try Protocol.Message(frames: [header.serializedBytes()]) == .worker(.goodbye(reason: kept)))
        }
        // What is sent is short, too: the reasons of all rows of a unit fit into a header.
        var result = MessageSamples.result
        result.failures = [.init(item: 0, reason: String(repeating: "r", count: 10_000))]
        let frames = try Protocol.Message.worker(.result(result)).frames()
        #expect(frames[0].count < 2000)
    }

    private func expectRefused(_ hostile: HostileFrames) throws {
        let frames = try hostile.frames
        #expect(throws: ProtocolError(hostile.problem)) { try Protocol.Message(frames: frames) }
    }

    @Test func aControlRangeMayEndWhereACharacterDoes() throws {
        var payload = MessageSamples.payload
        payload.items[0].text.prompt = RenderedText("aé👍z", controlRanges: [0..<1, 1..<3, 3..<3, 3..<7, 8..<8])
        let message = Protocol.Message.coordinator(.assignment(MessageSamples.lease, payload))
        #expect(try Protocol.Message(frames: message.frames()) == message)
    }

    /// A combining mark joins the template's last character, but not its bytes.
    @Test func aControlRangeMayEndBeforeACombiningMark() throws {
        var payload = MessageSamples.payload
        payload.items[0].text.prompt = RenderedText("<s>\u{301}", controlRanges: [0..<3])
        let message = Protocol.Message.coordinator(.assignment(MessageSamples.lease, payload))
        #expect(try Protocol.Message(frames: message.frames()) == message)
    }

    @Test func noFramesAreNoMessage() {
        #expect(throws: ProtocolError("a message without frames")) { try Protocol.Message(frames: []) }
    }

    @Test func aHeaderWithoutABodyIsNoMessage() throws {
        let header = try WireHeader.with { $0.protocolVersion = ProtocolVersion.current }.serializedBytes() as [UInt8]
        #expect(throws: ProtocolError("a header without a body")) { try Protocol.Message(frames: [header]) }
    }

    @Test func aHeaderOfAnotherFormatIsNoMessage() {
        let text = Array("GET / HTTP/1.1\r\n".utf8)
        #expect(throws: ProtocolError("a header of \(text.count) bytes that is no header of this protocol")) {
            try Protocol.Message(frames: [text])
        }
    }

    @Test(arguments: MessageSamples.all) func aTruncatedHeaderIsNoMessage(_ message: Protocol.Message) throws {
        let frames = try message.frames()
        for count in 0..<frames[0].count {
            var truncated = frames
            truncated[0] = Array(frames[0].prefix(count))
            if count < 2 {
                #expect(throws: (any Error).self, "\(count) bytes") { try Protocol.Message(frames: truncated) }
            } else {
                #expect(throws: ProtocolError.self, "\(count) bytes") { try Protocol.Message(frames: truncated) }
            }
        }
    }

    /// Neither the length of a text nor that of a packed list is believed before the bytes are there.
    @Test(arguments: [(10, 1), (13, 2), (34, 2), (51, 1)] as [(UInt8, UInt8)])
    func aLengthBeyondTheFrameIsRefused(_ body: UInt8, _ field: UInt8) {
        let huge: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0x07]
        let nested = [field << 3 | 2] + huge + [1, 2, 3]
        let header = varint(1 << 3) + [1] + varint(Int(body) << 3 | 2)
        for body in [huge, varint(nested.count) + nested] {
            #expect(
                throws: ProtocolError(
                    "a header of \(header.count + body.count) bytes that is no header of this protocol")
            ) {
                try Protocol.Message(frames: [header + body])
            }
        }
    }

    private func varint(_ value: Int) -> [UInt8] {
        value < 128 ? [UInt8(value)] : [UInt8(value & 127 | 128)] + varint(value >> 7)
    }
}

@Suite struct ProtocolVersionTests {
    @Test(arguments: [0, ProtocolVersion.current + 1, .max] as [UInt32])
    func anotherVersionIsToldFromADamagedMessage(_ version: UInt32) throws {
        for message in MessageSamples.all {
            var frames = try message.frames()
            var header = try WireHeader(serializedBytes: frames[0])
            header.protocolVersion = version
            frames[0] = try header.serializedBytes()
            #expect(throws: ProtocolVersionMismatch(found: version)) { try Protocol.Message(frames: frames) }
        }
    }

    @Test func anotherVersionIsToldWhateverElseItSays() throws {
        let header = WireHeader.with {
            $0.protocolVersion = 99
            $0.tensors = [WireTensor(), WireTensor()]
        }
        #expect(throws: ProtocolVersionMismatch(found: 99)) { try Protocol.Message(frames: [header.serializedBytes()]) }
    }

    @Test func theMismatchNamesBothVersionsAndWhatToDo() {
        #expect(
            ProtocolVersionMismatch(found: 7).description
                == "protocol version 7 found, version \(ProtocolVersion.current) expected: "
                + "install the same release of legend on the coordinator and on all workers")
    }
}
