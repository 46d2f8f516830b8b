internal import Dispatch
internal import Protocol
internal import Synchronization

/// A queue from any thread to one that has nothing to do but wait for it. An ``Mailbox`` is for a task that waits.
package final class ThreadQueue<Element: Sendable>: Sendable {
    private let elements = Mutex<[Element]>([])
    private let arrivals = DispatchSemaphore(value: 0)
    private let countMax: Int

    /// - Parameter countMax: what comes while so many elements wait is dropped.
    package init(countMax: Int = .max) {
        self.countMax = countMax
    }

    package func post(_ element: Element) {
        let hasRoom = elements.withLock { elements in
            guard elements.count < countMax else { return false }
            elements.append(element)
            return true
        }
        if hasRoom { arrivals.signal() }
    }

    /// The first element, once there is one.
    package func next() -> Element {
        while true {
            arrivals.wait()
            if let element = takeFirst() { return element }
        }
    }

    /// The first element; nil where none comes in time.
    package func next(within limit: Duration) -> Element? {
        let deadline = DispatchTime.now() + limit.seconds
        while arrivals.wait(timeout: deadline) == .success {
            if let element = takeFirst() { return element }
        }
        return nil
    }

    package func removeAll() { elements.withLock { $0 = [] } }

    /// nil where what arrived was removed.
    private func takeFirst() -> Element? { elements.withLock { $0.isEmpty ? nil : $0.removeFirst() } }
}
