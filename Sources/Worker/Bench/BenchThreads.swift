internal import Foundation
internal import Protocol
internal import Synchronization

/// Threads whose work is measured.
enum BenchThreads {
    /// Runs `work` on threads of their own, which go on from `ready` at the same moment; returns the seconds from there
    /// until all are done.
    static func run(
        _ count: Int, _ work: @escaping @Sendable (_ ready: () -> Void) throws -> Void
    ) throws -> Double {
        let (arrivals, departures) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let finished = DispatchGroup()
        let failure = Mutex<(any Error)?>(nil)
        for _ in 0..<count {
            finished.enter()
            let thread = Thread {
                var hasArrived = false
                func arrive() {
                    hasArrived = true
                    arrivals.signal()
                    departures.wait()
                }
                do {
                    try work(arrive)
                } catch {
                    failure.withLock { $0 = error }
                    if !hasArrived { arrive() }
                }
                finished.leave()
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
        for _ in 0..<count { arrivals.wait() }
        let start = ContinuousClock.now
        for _ in 0..<count { departures.signal() }
        finished.wait()
        let elapsed = (ContinuousClock.now - start).seconds
        if let error = failure.withLock({ $0 }) { throw error }
        return elapsed
    }
}
