internal import Dispatch
internal import Synchronization

/// What becomes of each element, several at a time, in the elements' order.
///
/// - Throws: what the transform throws of the first element that it does of.
func concurrently<Element: Sendable, Result: Sendable>(
    _ elements: [Element], _ transform: @Sendable (Element) throws -> Result
) throws -> [Result] {
    let results = Mutex<[Swift.Result<Result, any Error>?]>(Array(repeating: nil, count: elements.count))
    DispatchQueue.concurrentPerform(iterations: elements.count) { index in
        let result = Swift.Result { try transform(elements[index]) }
        results.withLock { $0[index] = result }
    }
    return try results.withLock { try $0.map { try $0!.get() } }
}
