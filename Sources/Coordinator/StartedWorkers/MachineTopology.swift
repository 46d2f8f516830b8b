internal import CommandLineTool
internal import Foundation

/// The processors of this machine, as Linux lists them.
struct MachineTopology: Sendable {
    /// For each NUMA node that has processors which this process may use, their list, such as `0-15,32-47`; a machine
    /// without nodes is one.
    let nodes: [String]
    let coreCount: Int

    /// - Parameters:
    ///   - folder: where the kernel lists the nodes.
    ///   - allowed: the processors that this process may use; nil for what the kernel says of it.
    init(nodesAt folder: String = "/sys/devices/system/node", allowed: String? = nil) {
        let allowed = Self.numbers(in: allowed ?? Self.ownProcessors)
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let numbers = names.compactMap { $0.hasPrefix("node") ? Int($0.dropFirst(4)) : nil }.sorted()
        let lists = numbers.compactMap { try? String(contentsOfFile: "\(folder)/node\($0)/cpulist", encoding: .utf8) }
            .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        nodes = lists.map { Self.numbers(in: $0).filter(allowed.contains).sorted() }.filter { !$0.isEmpty }
            .map { $0.map(String.init).joined(separator: ",") }
        coreCount = ProcessorCount.available
    }

    /// The processors of a list such as `0-3,8`.
    private static func numbers(in list: String) -> Set<Int> {
        list.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: ",").reduce(into: []) { numbers, part in
            let bounds = part.split(separator: "-").compactMap { Int($0) }
            if let first = bounds.first, let last = bounds.last, first <= last { numbers.formUnion(first...last) }
        }
    }

    private static var ownProcessors: String {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("Cpus_allowed_list:") }
        return line.map { String($0.drop { $0 != "\t" }) } ?? ""
    }

    /// The beginning of a command that keeps worker `index` of `count` to a node of its own (with util-linux's taskset);
    /// empty where it may run everywhere.
    func binding(ofWorker index: Int, of count: Int) -> [String] {
        guard nodes.count > 1, count == nodes.count, FileManager.default.isExecutableFile(atPath: Self.taskset) else {
            return []
        }
        return [Self.taskset, "-c", nodes[index]]
    }

    private static let taskset = "/usr/bin/taskset"

    var workerCount: Int { max(nodes.count, 1) }
}
