internal import CommandLineTool
internal import Engine
internal import Foundation
internal import Protocol
internal import Synchronization
internal import Transport

/// A thread that computes units.
///
/// Inference never runs on the cooperative pool: there it would keep heartbeats from being sent.
protocol UnitThread: Sendable {
    /// - Parameter lane: the session's, which the unit is in until something is posted that it came to.
    func compute(_ lane: Int, _ lease: Lease, _ work: Session.Work, scorer: Scorer?)

    /// Ends the lane's unit soon.
    func cancel(_ lane: Int)

    /// Ends the thread soon.
    func stop()
}

/// A thread that embeds one unit at a time, with scratch of its own.
final class LaneThread: UnitThread {
    private enum Work: Sendable {
        case unit(Lease, Session.Work, Scorer?)
        case stop
    }

    private let index: Int
    private let computation: UnitComputation
    private let embedder: Embedder
    private let post: @Sendable (Session.Event) -> Void
    private let queue = ThreadQueue<Work>()
    private let isCancelled = Atomic(false)

    /// - Parameter post: called on the lane's thread with what becomes of each unit.
    init(
        index: Int, computation: UnitComputation, embedder: Embedder, post: @escaping @Sendable (Session.Event) -> Void
    ) {
        self.index = index
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
        isCancelled.store(false, ordering: .relaxed)
        queue.post(.unit(lease, work, scorer))
    }

    /// Ends the present unit at its next micro-batch.
    func cancel(_ lane: Int) {
        isCancelled.store(true, ordering: .relaxed)
    }

    /// Ends the thread after the present unit.
    func stop() {
        queue.post(.stop)
    }

    private func run() {
        var lane: Lane?
        while case .unit(let lease, let work, let scorer) = queue.next() {
            do {
                let unit: EmbeddedUnit
                switch work {
                case .project(let embedded): unit = embedded
                case .embed(let payload):
                    let ready = try lane ?? embedder.makeLane()
                    lane = ready
                    unit = try computation.embed(payload, for: scorer, on: ready) { tokens in
                        post(.progress(lane: index, tokens: tokens))
                        return !isCancelled.load(ordering: .relaxed)
                    }
                }
                if unit.work.needsScorer, scorer == nil {
                    post(.embedded(lane: index, unit))
                } else {
                    post(.computed(lane: index, try computation.result(of: unit, lease, scorer: scorer)))
                }
            } catch is CancellationError {
                post(.cancelled(lane: index))
            } catch {
                post(.failed(lane: index, reason: "\(error)"))
            }
        }
    }
}
