internal import Foundation

/// The processors of this machine, as Linux lists them.
struct MachineTopology: Sendable {
    /// For each NUMA node that has processors its list, such as `0-15,32-47`; a machine without nodes is one.
    let nodes: [String]
    let coreCount: Int

    /// - Parameter folder: where the kernel lists the nodes.
    init(nodesAt folder: String = "/sys/devices/system/node") {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let numbers = names.compactMap { $0.hasPrefix("node") ? Int($0.dropFirst(4)) : nil }.sorted()
        let lists = numbers.compactMap { try? String(contentsOfFile: "\(folder)/node\($0)/cpulist", encoding: .utf8) }
            .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
        nodes = lists.filter { !$0.isEmpty }
        coreCount = ProcessInfo.processInfo.activeProcessorCount
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
