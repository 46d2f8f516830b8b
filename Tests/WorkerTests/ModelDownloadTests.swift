import Protocol
import Testing
import Worker

@Suite struct ModelDownloadTests {
    private static let digest = String(repeating: "a", count: 64)
    /// Seven chunks, the last of 5 bytes.
    private static let offer = ModelOffer(digest: digest, byteCount: 6 * ModelOffer.chunkBytes + 5)
    private static let other = ModelOffer(digest: String(repeating: "b", count: 64), byteCount: 1)

    private struct Harness {
        var download = ModelDownload()
        var now = MonotonicInstant.zero

        @discardableResult
        mutating func handle(_ event: ModelDownload.Event) -> [ModelDownload.Action] {
            let actions = download.handle(event, at: now)
            #expect(download.outstanding <= 4)
            return actions
        }

        mutating func tick(after seconds: Double) -> [ModelDownload.Action] {
            now = now + .seconds(seconds)
            return handle(.tick)
        }

        @discardableResult
        mutating func receive(_ index: UInt64, of offer: ModelOffer = offer) -> [ModelDownload.Action] {
            handle(.message(chunk(index, of: offer)))
        }

        /// In the state `receiving`, after so many bytes.
        static func receiving(after byteCount: UInt64 = 0) -> Harness {
            var harness = Harness()
            harness.handle(.start)
            harness.handle(.message(.offer(offer, workersAhead: 0)))
            harness.handle(.opened(byteCount: byteCount))
            return harness
        }
    }

    private static func chunk(_ index: UInt64, of offer: ModelOffer = offer) -> ModelMessage {
        .chunk(ModelChunk(digest: offer.digest, index: index, bytes: bytes(index, of: offer)))
    }

    private static func bytes(_ index: UInt64, of offer: ModelOffer = offer) -> [UInt8] {
        Array(repeating: UInt8(index), count: offer.bytes(ofChunk: index)?.count ?? 1)
    }

    private static func requests(_ chunks: UInt64...) -> [ModelDownload.Action] {
        chunks.map { .send(.chunkRequest(digest: digest, chunk: $0)) }
    }

    @Test func aModelComesChunkByChunkAndIsVerified() {
        var harness = Harness()
        #expect(harness.handle(.start) == [.send(.offerRequest)])
        #expect(harness.handle(.message(.offer(Self.offer, workersAhead: 0))) == [.open(Self.offer)])
        #expect(harness.handle(.opened(byteCount: 0)) == Self.requests(0, 1, 2, 3))
        for index in 0..<3 as Range<UInt64> {
            #expect(harness.receive(index) == [.append(Self.bytes(index))] + Self.requests(index + 4))
        }
        for index in 3..<6 as Range<UInt64> { #expect(harness.receive(index) == [.append(Self.bytes(index))]) }
        #expect(harness.receive(6) == [.append(Self.bytes(6)), .verify])
        #expect(harness.handle(.verified(digest: Self.digest)) == [.finish])
        #expect(harness.tick(after: 100) == [])
    }

    @Test func theOfferIsAskedForUntilItComesLessAndLessOften() {
        var harness = Harness()
        harness.handle(.start)
        for seconds in [5.0, 10, 20, 30, 30] {
            #expect(harness.tick(after: seconds - 0.5) == [])
            #expect(harness.tick(after: 0.5) == [.send(.offerRequest)])
        }
    }

    @Test func withoutAnOfferThereIsNoDownload() {
        var harness = Harness()
        harness.handle(.start)
        #expect(harness.handle(.message(.notOffered(reason: "gone"))) == [.fail(.notOffered(reason: "gone"))])
        #expect(harness.handle(.message(.offer(Self.offer, workersAhead: 0))) == [])
        #expect(harness.tick(after: 100) == [])
    }

    @Test(
        arguments: [
            (0, [], [0, 1, 2, 3]), (1, [0], [0, 1, 2, 3]), (ModelOffer.chunkBytes, [], [1, 2, 3, 4]),
            (3 * ModelOffer.chunkBytes - 1, [2 * ModelOffer.chunkBytes], [2, 3, 4, 5]),
            (6 * ModelOffer.chunkBytes + 4, [6 * ModelOffer.chunkBytes], [6]),
            (6 * ModelOffer.chunkBytes + 6, [0], [0, 1, 2, 3]),
        ] as [(UInt64, [UInt64], [UInt64])])
    func aDownloadGoesOnAfterTheLastWholeChunk(_ there: UInt64, _ cut: [UInt64], _ asked: [UInt64]) {
        var harness = Harness()
        harness.handle(.start)
        harness.handle(.message(.offer(Self.offer, workersAhead: 0)))
        #expect(
            harness.handle(.opened(byteCount: there))
                == cut.map { .truncate(byteCount: $0) }
                + asked.map { .send(.chunkRequest(digest: Self.digest, chunk: $0)) })
    }

    @Test func aFileThatWasKilledBeforeItsVerificationIsVerified() {
        var harness = Harness()
        harness.handle(.start)
        harness.handle(.message(.offer(Self.offer, workersAhead: 0)))
        #expect(harness.handle(.opened(byteCount: Self.offer.byteCount)) == [.verify])
    }

    @Test func chunksOutOfOrderWaitForTheirTurn() {
        var harness = Harness.receiving()
        #expect(harness.receive(2) == [])
        #expect(harness.receive(1) == [])
        #expect(
            harness.receive(0) == [.append(Self.bytes(0)), .append(Self.bytes(1)), .append(Self.bytes(2))]
                + Self.requests(4, 5, 6))
    }

    @Test func whatNobodyWaitsForIsDropped() {
        var harness = Harness.receiving()
        harness.receive(0)
        harness.receive(2)
        let foreign = ModelChunk(digest: Self.other.digest, index: 1, bytes: [1])
        let dropped: [ModelMessage] = [
            Self.chunk(0), Self.chunk(2), Self.chunk(5), Self.chunk(6), Self.chunk(7), .chunk(foreign), .offerRequest,
            .chunkRequest(digest: Self.digest, chunk: 1),
        ]
        for message in dropped { #expect(harness.handle(.message(message)) == []) }
        #expect(harness.receive(1) == [.append(Self.bytes(1)), .append(Self.bytes(2))] + Self.requests(5, 6))
    }

    @Test func aChunkOfAnotherSizeEndsTheDownload() {
        var harness = Harness.receiving()
        let short = ModelChunk(digest: Self.digest, index: 1, bytes: [1])
        #expect(
            harness.handle(.message(.chunk(short))) == [.fail(.wrongChunk(index: 1, found: 1, expected: 1_048_576))])
    }

    @Test func whatIsMissingIsAskedForAgainLessAndLessOften() {
        var harness = Harness.receiving()
        harness.receive(1)
        for seconds in [5.0, 10, 20, 30, 30] {
            #expect(harness.tick(after: seconds - 0.5) == [])
            #expect(harness.tick(after: 0.5) == Self.requests(0, 2, 3))
        }
        harness.receive(0)
        #expect(harness.tick(after: 29.9) == [])
        harness.receive(2)
        harness.receive(3)
        // Now that chunks follow each other quickly, silence is noticed early again.
        #expect(harness.tick(after: 5) == Self.requests(4, 5, 6))
    }

    @Test func overASlowLinkNothingIsAskedForTwice() {
        var harness = Harness.receiving()
        for index in 0..<7 as Range<UInt64> {
            #expect(harness.tick(after: 4) == [])
            #expect(harness.tick(after: index == 0 ? 0 : 4) == [])
            #expect(harness.receive(index).first == .append(Self.bytes(index)))
        }
    }

    @Test func aWorkerThatWaitsForItsTurnSaysSo() {
        var harness = Harness.receiving()
        #expect(harness.download.phase == .chunks)
        #expect(harness.handle(.message(.offer(Self.offer, workersAhead: 3))) == [])
        #expect(harness.download.phase == .turn(workersAhead: 3))
        harness.receive(0)
        #expect(harness.download.phase == .chunks)
    }

    @Test func anOfferThatEndsEndsTheDownload() {
        var harness = Harness.receiving()
        #expect(harness.handle(.message(.notOffered(reason: "gone"))) == [.fail(.withdrawn(reason: "gone"))])
        harness = .receiving()
        let reason = "it offers another model, of SHA-256 \(Self.other.digest)"
        #expect(
            harness.handle(.message(.offer(Self.other, workersAhead: 0))) == [.fail(.withdrawn(reason: reason))])
    }

    @Test func aWrongDigestIsForgivenOnce() {
        var harness = Harness.receiving(after: Self.offer.byteCount)
        #expect(
            harness.handle(.verified(digest: "c")) == [.truncate(byteCount: 0)] + Self.requests(0, 1, 2, 3))
        for index in 0..<7 as Range<UInt64> { harness.receive(index) }
        #expect(
            harness.handle(.verified(digest: "d")) == [
                .truncate(byteCount: 0), .fail(.wrongDigest(found: "d", expected: Self.digest)),
            ])
    }
}
