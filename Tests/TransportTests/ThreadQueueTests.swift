import Foundation
import TestEnvironment
import Testing
import Transport

@Suite(.hangLimit) struct ThreadQueueTests {
    @Test func aThreadThatWaitsGetsWhatIsPostedInItsOrder() async {
        let queue = ThreadQueue<Int>()
        async let taken = withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: (0..<3).map { _ in queue.next() }) }
            thread.start()
        }
        (1...3).forEach(queue.post)
        #expect(await taken == [1, 2, 3])
    }

    @Test func whatComesBeyondTheRoomIsDropped() {
        let queue = ThreadQueue<Int>(countMax: 2)
        (1...3).forEach(queue.post)
        #expect(queue.next() == 1 && queue.next() == 2)
        #expect(queue.next(within: .zero) == nil)
    }

    /// What was removed has woken nobody.
    @Test func whatComesAfterARemovalIsTheNext() {
        let queue = ThreadQueue<Int>()
        (1...3).forEach(queue.post)
        queue.removeAll()
        #expect(queue.next(within: .zero) == nil)
        queue.post(4)
        #expect(queue.next() == 4)
    }
}
