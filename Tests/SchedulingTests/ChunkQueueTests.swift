import Protocol
import Scheduling
import Testing

@Suite struct ChunkQueueTests {
    private struct Harness {
        var queue: ChunkQueue
        var now = MonotonicInstant.zero

        init(chunks: UInt64 = 10, served: Int = 2, waiting: Int = 4) {
            var limits = ChunkQueue.Limits()
            limits.servedMax = served
            limits.waitingMax = waiting
            limits.requestsMax = 3
            limits.chunksPerTurnMin = 3
            queue = ChunkQueue(chunkCount: chunks, limits: limits)
        }

        @discardableResult
        mutating func ask(_ peer: UInt8, _ chunks: UInt64...) -> [Int] {
            defer { #expect(queue.brokenInvariants() == []) }
            return chunks.map { queue.add(.init(peer: PeerID([peer]), chunk: $0), at: now) }
        }

        /// More than a turn, in which nobody counts as silent.
        mutating func letTimePass(askedBy peers: [UInt8]) {
            for _ in 0..<4 {
                now = now + .seconds(20)
                for peer in peers { ask(peer, 99_999) }
            }
        }

        mutating func next() -> [UInt64]? {
            defer { #expect(queue.brokenInvariants() == []) }
            return queue.next(at: now).map {
                [UInt64($0.peer == PeerID([1]) ? 1 : $0.peer == PeerID([2]) ? 2 : 3), $0.chunk]
            }
        }

        mutating func all() -> [[UInt64]] {
            var all: [[UInt64]] = []
            while let next = next() { all.append(next) }
            return all
        }
    }

    @Test func servedWorkersTakeTurns() {
        var harness = Harness()
        #expect(harness.ask(1, 0, 1, 2) == [0, 0, 0])
        #expect(harness.ask(2, 0, 1) == [0, 0])
        #expect(harness.all() == [[1, 0], [2, 0], [1, 1], [2, 1], [1, 2]])
    }

    @Test func othersWaitUntilOneHasTheWholeFile() {
        var harness = Harness(chunks: 3, served: 1)
        harness.ask(1, 0, 1)
        #expect(harness.ask(2, 0, 1) == [1, 1])
        #expect(harness.ask(3, 0) == [2])
        #expect(harness.all() == [[1, 0], [1, 1]])
        harness.ask(1, 2)
        // What was asked for in waiting is not asked for again.
        #expect(harness.all() == [[1, 2], [2, 0], [2, 1]])
        #expect(harness.ask(3, 1) == [1])
        harness.ask(2, 2)
        #expect(harness.all() == [[2, 2], [3, 0], [3, 1]])
    }

    @Test func aSlowWorkerMakesRoomForOneThatWaitsAndGoesOnLater() {
        var harness = Harness(chunks: 100, served: 1)
        harness.ask(1, 0)
        #expect(harness.ask(2, 0) == [1])
        #expect(harness.all() == [[1, 0]])
        harness.letTimePass(askedBy: [1])
        // The first one has got one chunk in a minute.
        #expect(harness.ask(1, 1) == [1])
        #expect(harness.all() == [[2, 0]])
        harness.letTimePass(askedBy: [2, 1])
        harness.ask(2, 1)
        #expect(harness.all() == [[1, 1]])
    }

    @Test func aFastWorkerGoesOnWhileOthersWait() {
        var harness = Harness(chunks: 100, served: 1)
        harness.ask(2, 0)
        for first in stride(from: 0, to: 9, by: 3) as StrideTo<UInt64> {
            harness.ask(1, first, first + 1, first + 2)
            #expect(harness.ask(1, first) == [1])
            harness.ask(2, first, first + 1, first + 2)
            #expect(harness.all().map { $0[0] } == [2, 2, 2])
            harness.letTimePass(askedBy: [1, 2])
        }
    }

    @Test func noMoreWorkersMakeRoomThanOthersWait() {
        var harness = Harness(chunks: 100, served: 2)
        harness.ask(1, 0)
        harness.ask(2, 0)
        #expect(harness.ask(3, 0) == [2])
        _ = harness.all()
        harness.letTimePass(askedBy: [1, 2, 3])
        #expect(harness.queue.served.contains(PeerID([3])))
        #expect(harness.queue.served.count == 2)
        #expect(harness.queue.waiting.count == 1)
    }

    @Test func aWorkerWhoseConnectionBreaksMakesRoom() {
        var harness = Harness(served: 1)
        harness.ask(1, 0)
        harness.ask(2, 5)
        harness.queue.remove(PeerID([1]), at: harness.now)
        #expect(harness.all() == [[2, 5]])
        harness.queue.remove(PeerID([9]), at: harness.now)
        #expect(harness.queue.served == [PeerID([2])])
    }

    @Test func aSilentWorkerMakesRoomWhenAnotherAsks() {
        var harness = Harness(served: 1)
        harness.ask(1, 0)
        #expect(harness.ask(2, 0) == [1])
        harness.now = harness.now + .seconds(30)
        #expect(harness.ask(2, 0) == [1])
        harness.now = harness.now + .seconds(1)
        #expect(harness.ask(2, 0) == [0])
        #expect(harness.all() == [[2, 0]])
        // It was only slow, and queues again.
        #expect(harness.ask(1, 1) == [1])
    }

    @Test func oneWorkersRequestsAreBoundedAndNoneIsKeptTwice() {
        var harness = Harness()
        harness.ask(1, 7, 7, 8, 2, 3, 4)
        #expect(harness.all() == [[1, 7], [1, 8], [1, 2]])
        harness.ask(1, 10, .max)
        #expect(harness.all() == [])
    }

    @Test func tooManyWaitingWorkersAreNotRemembered() {
        var harness = Harness(served: 1, waiting: 2)
        for peer in 1...9 as ClosedRange<UInt8> { harness.ask(peer, 0) }
        #expect(harness.queue.waiting == [PeerID([2]), PeerID([3])])
        #expect(harness.ask(9, 0) == [3])
    }
}
