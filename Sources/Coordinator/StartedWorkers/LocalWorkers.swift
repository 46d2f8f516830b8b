internal import CommandLineTool
internal import Diagnostics
internal import Foundation
internal import Transport

/// The workers of this machine.
enum LocalWorkers {
    /// - Parameters:
    ///   - count: nil for one on each NUMA node.
    ///   - lanes: of each worker; nil for its share of the cores.
    ///   - keys: theirs, where the coordinator asks for keys.
    /// - Throws: `Problem` where the program is not found.
    static func launches(
        count: Int?, lanes: Int?, endpoint: String, keys: ClientKeys?, logFolder: String
    ) throws -> [WorkerLaunch] {
        let topology = MachineTopology()
        let count = count ?? topology.workerCount
        guard count > 0 else { return [] }
        let program = try program()
        return (0..<count).map { index in
            let name = "local-\(index + 1)"
            let binding = topology.binding(ofWorker: index, of: count)
            var command = [
                program, "--connect", endpoint, "--name", name, "--lanes",
                "\(lanes ?? max(1, topology.coreCount / count))", "--exit-with-parent",
            ]
            if keys != nil { command += ["--key", "-"] }
            return WorkerLaunch(
                name: name, log: "\(logFolder)/worker-\(index + 1).log", host: nil, keys: keys
            ) { [command] in binding + command }
        }
    }

    /// `legend-worker` beside this program, or in the `PATH`.
    private static func program() throws -> String {
        let own = URL(filePath: (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "")
        let folders =
            [own.deletingLastPathComponent().path]
            + (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").map(String.init)
        let candidates = folders.map { "\($0)/legend-worker" }
        guard let path = candidates.first(where: FileManager.default.isExecutableFile) else {
            throw Problem(
                "legend-worker is neither beside this program (\(own.path)) nor in the PATH", isOfConfiguration: true)
        }
        return path
    }
}
