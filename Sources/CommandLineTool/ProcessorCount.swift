internal import Foundation

/// How many processors this process may keep busy: those of its affinity mask, and no more than the time that its cgroups
/// allow it (CPU quota, as containers and batch systems set it).
package enum ProcessorCount {
    package static let available = max(
        1, min(affinity() ?? ProcessInfo.processInfo.activeProcessorCount, quota() ?? .max))

    /// The size of the affinity mask, which Foundation's count of processors leaves out; nil where the kernel tells none.
    ///
    /// - Parameter status: the text of `/proc/self/status`.
    package static func affinity(status: String = text(of: "/proc/self/status")) -> Int? {
        let key = "Cpus_allowed_list:"
        guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix(key) }) else { return nil }
        // Such as 0-3,8.
        let count = line.dropFirst(key.count).split(separator: ",").reduce(0) { count, part in
            let bounds = part.split(separator: "-").compactMap { Int($0.filter(\.isNumber)) }
            guard let first = bounds.first, let last = bounds.last, first <= last else { return count }
            return count + last - first + 1
        }
        return count > 0 ? count : nil
    }

    /// The least quota of this process's cgroup and those above it, in whole processors, a part of one counting as one;
    /// nil where there is none.
    ///
    /// - Parameters:
    ///   - membership: the text of `/proc/self/cgroup`.
    ///   - root: where the kernel shows the cgroups.
    package static func quota(
        membership: String = text(of: "/proc/self/cgroup"), root: String = "/sys/fs/cgroup"
    ) -> Int? {
        var least: Double?
        for line in membership.split(separator: "\n") {
            // HIERARCHY:CONTROLLERS:PATH, version 2 with no controllers.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isVersion2 = fields[1].isEmpty
            guard isVersion2 || fields[1].split(separator: ",").contains("cpu") else { continue }
            let base = isVersion2 ? root : "\(root)/\(fields[1])"
            var path = String(fields[2])
            while true {
                let folder = base + path
                if let quota = isVersion2 ? version2(folder) : version1(folder) { least = min(least ?? quota, quota) }
                guard path.count > 1 else { break }
                path = (path as NSString).deletingLastPathComponent
            }
        }
        return least.map { max(1, Int($0.rounded(.up))) }
    }

    /// `cpu.max`: quota and period in microseconds, or `max`.
    private static func version2(_ folder: String) -> Double? {
        let words = text(of: folder + "/cpu.max").split { $0.isWhitespace }
        guard words.count == 2 else { return nil }
        return processors(quota: words[0], period: words[1])
    }

    private static func version1(_ folder: String) -> Double? {
        func number(_ name: String) -> Substring { text(of: "\(folder)/\(name)").split { $0.isWhitespace }.first ?? "" }
        return processors(quota: number("cpu.cfs_quota_us"), period: number("cpu.cfs_period_us"))
    }

    private static func processors(quota: Substring, period: Substring) -> Double? {
        guard let quota = Double(quota), let period = Double(period), quota > 0, period > 0 else { return nil }
        return min(quota / period, 1e6)
    }

    package static func text(of path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }
}
