internal import Dispatch
internal import Synchronization

/// What becomes of each element, several at a time, in the elements' order.
///
/// - Parameter most: so many at a time, one at least; nil: as many as there are processors.
/// - Throws: what the transform throws of the first element that it does of.
func concurrently<Element: Sendable, Result: Sendable>(
    _ elements: [Element], most: Int? = nil, _ transform: @Sendable (Element) throws -> Result
) throws -> [Result] {
    let results = Mutex<[Swift.Result<Result, any Error>?]>(Array(repeating: nil, count: elements.count))
    let next = Mutex(0)
    // Each of them takes one element after another.
    DispatchQueue.concurrentPerform(iterations: min(elements.count, max(most ?? elements.count, 1))) { _ in
        while true {
            let index = next.withLock { next in
                defer { next += 1 }
                return next
            }
            guard index < elements.count else { return }
            let result = Swift.Result { try transform(elements[index]) }
            results.withLock { $0[index] = result }
        }
    }
    return try results.withLock { try $0.map { try $0!.get() } }
}
