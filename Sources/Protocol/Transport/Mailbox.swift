internal import Synchronization

/// A queue that many threads post to and one task empties, all waiting elements at a time.
package final class Mailbox<Element: Sendable>: Sendable {
    private struct State {
        var elements: [Element] = []
        var bytes = 0
        var waiter: CheckedContinuation<[Element]?, Never>?
        var isFinished = false
    }

    private let state = Mutex(State())

    package init() {}

    /// - Parameter bytes: what the element takes in memory, roughly.
    package func post(_ element: Element, bytes: Int = 0) {
        let resume = state.withLock { state -> (() -> Void)? in
            guard !state.isFinished else { return nil }
            guard let waiter = state.waiter else {
                state.elements.append(element)
                state.bytes += bytes
                return nil
            }
            state.waiter = nil
            return { waiter.resume(returning: [element]) }
        }
        resume?()
    }

    /// Elements that wait to be taken.
    package var count: Int { state.withLock { $0.elements.count } }

    /// What those elements take in memory, roughly.
    package var bytes: Int { state.withLock { $0.bytes } }

    /// All waiting elements in the order of their posting, waiting for the first; nil once finished and empty.
    ///
    /// One task at a time may wait.
    package func next() async -> [Element]? {
        await withCheckedContinuation { continuation in
            let ready = state.withLock { state -> [Element]?? in
                if !state.elements.isEmpty {
                    defer {
                        state.elements = []
                        state.bytes = 0
                    }
                    return .some(state.elements)
                }
                if state.isFinished { return .some(nil) }
                precondition(state.waiter == nil, "two tasks wait for one mailbox")
                state.waiter = continuation
                return .none
            }
            if let ready { continuation.resume(returning: ready) }
        }
    }

    /// Nothing posted from now on is delivered.
    package func finish() {
        let waiter = state.withLock { state in
            state.isFinished = true
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(returning: nil)
    }
}
