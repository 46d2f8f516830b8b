internal import Foundation

/// The number of files that this process may open. Each connection is one, and the system's default of 1024 is less than
/// a cluster may have workers.
enum DescriptorLimit {
    /// Raises it to what the system allows.
    static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
