internal import Foundation

/// The niceness that this process was started with.
///
/// On Linux it is each thread's own, and libdispatch, under Swift's concurrency too, gives its threads one of its own
/// where it may: those that compute, and processes that are started from one of its threads, would not be as nice as
/// the user asked for.
package enum Niceness {
    /// The main thread's, which libdispatch leaves alone.
    package static var ofProcess: Int32 { getpriority(which, id_t(getpid())) }

    private static var ofThread: Int32 { getpriority(which, 0) }

    /// Gives the calling thread, and those that it starts, the process's niceness.
    package static func adopt() {
        // Where it may not, it keeps the one that it has: there is nothing to do about it.
        setpriority(which, 0, ofProcess)
    }

    /// Runs `body` with the process's niceness, which processes that it starts inherit.
    package static func adopting<Result>(_ body: () throws -> Result) rethrows -> Result {
        let own = ofThread
        adopt()
        defer { setpriority(which, 0, own) }
        return try body()
    }

    private static var which: __priority_which_t { __priority_which_t(PRIO_PROCESS.rawValue) }
}
