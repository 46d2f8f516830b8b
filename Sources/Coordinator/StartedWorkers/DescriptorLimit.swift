internal import Foundation
internal import Synchronization

/// The number of files that this process may open. Each connection is one, and the system's default of 1024 is less than
/// a cluster may have workers.
enum DescriptorLimit {
    private static let original = Mutex<rlimit?>(nil)

    /// Raises it to what the system allows.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        original.withLock { [limit] in $0 = $0 ?? limit }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// Gives a process that was just started the limit that this one had.
    static func restore(for process: pid_t) {
        // Swift's module of glibc has no extensions of Linux.
        typealias PRLimit =
            @convention(c) (pid_t, Int32, UnsafePointer<rlimit>?, UnsafeMutablePointer<rlimit>?) -> Int32
        guard var limit = original.withLock({ $0 }), let symbol = dlsym(nil, "prlimit") else { return }
        // Where it fails, the process has more than it was meant to, and has ended perhaps.
        _ = unsafeBitCast(symbol, to: PRLimit.self)(process, Int32(RLIMIT_NOFILE.rawValue), &limit, nil)
    }
}
