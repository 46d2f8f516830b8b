import Synchronization
import TestEnvironment
import Testing

/// Room that a test gives and takes, and that counts how often it was asked for.
final class Gate: Sendable {
    private let state: Mutex<(isOpen: Bool, questions: Int)>

    struct NobodyAsked: Error {}

    init(isOpen: Bool = false) {
        state = Mutex((isOpen, 0))
    }

    @Sendable func ask() -> Bool {
        state.withLock { state in
            state.questions += 1
            return state.isOpen
        }
    }

    func open() { state.withLock { $0.isOpen = true } }
    func close() { state.withLock { $0.isOpen = false } }

    /// Counts from now on.
    func waitUntilAsked(times: Int) async throws {
        let goal = questions + times
        guard try await eventually({ questions >= goal }) else { throw NobodyAsked() }
    }

    private var questions: Int { state.withLock { $0.questions } }
}
