internal import CommandLineTool
internal import Engine
internal import Foundation
internal import Protocol
internal import Transport

/// A thread that generates the texts of several units at the same time: as one text ends, another one takes its place.
final class GenerationThread: UnitThread {
    private enum Message: Sendable {
        case unit(lane: Int, Lease, Session.Work)
        case cancel(lane: Int)
        case stop
    }

    private let computation: GenerationComputation
    private let embedder: Embedder
    private let post: @Sendable (Session.Event) -> Void
    private let queue = ThreadQueue<Message>()

    /// - Parameter post: called on the thread with what becomes of each unit.
    init(
        index: Int, computation: GenerationComputation, embedder: Embedder,
        post: @escaping @Sendable (Session.Event) -> Void
    ) {
        self.computation = computation
        self.embedder = embedder
        self.post = post
        let thread = Thread { [self] in
            Niceness.adopt()
            run()
        }
        thread.name = "legend-lane-\(index)"
        thread.stackSize = 8 << 20
        thread.start()
    }

    func compute(_ lane: Int, _ lease: Lease, _ work: Session.Work, scorer: Scorer?) {
        queue.post(.unit(lane: lane, lease, work))
    }

    func cancel(_ lane: Int) { queue.post(.cancel(lane: lane)) }
    func stop() { queue.post(.stop) }

    private func run() {
        var generation: UnitGeneration?
        while true {
            // There is nothing else to do where no text is under way.
            let isIdle = generation?.isIdle ?? true
            switch isIdle ? queue.next() : queue.next(within: .zero) {
            case .stop: return
            case .cancel(let lane):
                // One that ended by itself before was said to, and another unit may be in the lane by then.
                if generation?.remove(lane) == true { post(.cancelled(lane: lane)) }
            case .unit(let lane, let lease, let work):
                do {
                    let ready = try generation ?? UnitGeneration(computation, embedder)
                    generation = ready
                    try ready.add(work, lease, lane: lane).forEach(post)
                } catch {
                    post(.failed(lane: lane, reason: "\(error)"))
                }
            case nil:
                do {
                    try generation?.advance().forEach(post)
                } catch {
                    generation?.removeAll().forEach { post(.failed(lane: $0, reason: "\(error)")) }
                }
            }
        }
    }
}
