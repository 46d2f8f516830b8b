import Dispatch
import Foundation
import Synchronization

/// `[transform(0), ..., transform(count - 1)]`, computed on `threads` threads of its own: long C calls have no place on
/// the pool of Swift's tasks. Throws the error of the lowest index that failed.
func parallelMap<Element: Sendable>(
    count: Int, threads: Int, _ transform: @escaping @Sendable (Int) throws -> Element
) throws -> [Element] {
    let work = ParallelWork<Element>(count: count)
    let finished = DispatchGroup()
    for _ in 0..<max(1, min(threads, count)) {
        finished.enter()
        Thread {
            while let index = work.next() { work.finish(index, Result { try transform(index) }) }
            finished.leave()
        }.start()
    }
    finished.wait()
    return try work.results()
}

/// Which indices were handed out, and what came of them.
private final class ParallelWork<Element: Sendable>: Sendable {
    private struct State {
        var next = 0
        var results: [Result<Element, any Error>?]
    }

    private let state: Mutex<State>

    init(count: Int) { state = Mutex(State(results: Array(repeating: nil, count: count))) }

    func next() -> Int? {
        state.withLock { state in
            guard state.next < state.results.count else { return nil }
            defer { state.next += 1 }
            return state.next
        }
    }

    func finish(_ index: Int, _ result: Result<Element, any Error>) {
        state.withLock { $0.results[index] = result }
    }

    func results() throws -> [Element] {
        try state.withLock { state in try state.results.map { try $0!.get() } }
    }
}
