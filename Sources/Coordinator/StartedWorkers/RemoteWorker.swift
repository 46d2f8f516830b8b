internal import Foundation
internal import JobConfiguration
internal import Protocol
internal import Transport

/// A worker on one of `cluster.hosts`: the far end of an ssh connection.
///
/// It ends with the connection, however that ends: its standard input is closed then. Unless the workers have an address
/// to connect to, their messages go through the connection too, over a socket of the host's file system that only the
/// ssh user can open; the coordinator needs no port but that of the loopback interface.
struct RemoteWorker: Sendable {
    enum Route: Hashable, Sendable {
        /// Through the ssh connection, to this `host:port` as the coordinator's machine sees it.
        case tunnel(to: String)

        /// From the host to this address.
        case direct(String)
    }

    let name: String
    let host: Configuration.Cluster.Host

    /// Which of the host's workers this is, from 0.
    let index: Int
    let route: Route

    /// Whether the coordinator asks for a key, which then comes over standard input.
    let needsKey: Bool

    /// One for each worker of each host, in the order of the configuration.
    ///
    /// - Parameter endpoint: where processes of this machine reach the coordinator.
    static func all(_ cluster: Configuration.Cluster, endpoint: String) -> [RemoteWorker] {
        let route = cluster.advertise.map(Route.direct) ?? .tunnel(to: String(endpoint.trimmingPrefix("tcp://")))
        let total = cluster.hosts.reduce(into: [:]) { $0[$1.name, default: 0] += $1.workers }
        var numbered: [String: Int] = [:]
        return cluster.hosts.flatMap { host in
            (0..<host.workers).map { index in
                numbered[host.name, default: 0] += 1
                let number = total[host.name] == 1 ? "" : ":\(numbered[host.name] ?? 1)"
                var host = host
                host.lanes = host.lanes ?? cluster.lanes
                return RemoteWorker(
                    name: host.name + number, host: host, index: index, route: route, needsKey: cluster.keys != nil)
            }
        }
    }

    /// - Parameter keys: the workers', where the coordinator asks for keys.
    func launch(logFolder: String, keys: ClientKeys?) -> WorkerLaunch {
        WorkerLaunch(name: name, log: "\(logFolder)/\(name).log", host: host.name, keys: keys) {
            command(token: String(UInt64.random(in: .min ... .max), radix: 16))
        }
    }

    /// The ssh command. Of an option that is given twice, ssh takes the first: the user's.
    ///
    /// - Parameter token: new for each start, for a name in the host's file system.
    func command(token: String) -> [String] {
        var command = ["ssh"] + host.sshOptions
        if let port = host.port { command += ["-p", "\(port)"] }
        command += ["-T", "-a", "-x"]
        for option in Self.options { command += ["-o", option] }
        switch route {
        case .direct(let endpoint): return command + [host.address, Self.remote(script(endpoint: endpoint))]
        case .tunnel(let target):
            let socket = "/tmp/legend-\(token).sock"
            // sshd leaves the socket behind.
            let script = "\(script(endpoint: "ipc://\(socket)")); status=$?; rm -f \(socket); exit $status"
            return command + ["-R", "\(socket):\(target)", host.address, Self.remote(script)]
        }
    }

    /// Nobody is there who could answer a question. A connection that is dead is given up after 45 s. One that is shared
    /// with other ssh processes would not end with this one.
    private static let options = [
        "BatchMode=yes", "ConnectTimeout=15", "ServerAliveInterval=15", "ServerAliveCountMax=3",
        "ExitOnForwardFailure=yes", "ControlMaster=no", "ControlPath=none",
    ]

    /// Whatever shell the user has there, `script` is for sh.
    private static func remote(_ script: String) -> String { "exec sh -c \(script.quotedForShell)" }

    private func script(endpoint: String) -> String {
        var script = share
        script += "\(host.command) --connect \(endpoint.quotedForShell) --name \(name.quotedForShell)"
        if let model = host.model { script += " --model \(Self.path(model))" }
        if let lanes = host.lanes { script += " --lanes \(lanes)" } else if host.workers > 1 { script += " $lanes" }
        if needsKey { script += " --key -" }
        return script + " --exit-with-parent"
    }

    /// A `~/` at its beginning and `$NAME` are for that machine's shell, which says so where a variable is not set.
    private static func path(_ path: String) -> String {
        let home = path.hasPrefix("~/") ? "~/" : ""
        // Checked where the configuration was read.
        let parts = (try? PathText(String(path.dropFirst(home.count))))?.parts ?? []
        return home
            + parts.map { part in
                switch part {
                case .text(let text): text.quotedForShell
                case .variable(let name): "\"${\(name):?is not set on this host}\""
                }
            }.joined()
    }

    /// Several workers share a machine: a NUMA node each where it has as many, else an equal part of the cores.
    private var share: String {
        guard host.workers > 1 else { return "" }
        return """
            nodes=$(cat /sys/devices/system/node/node[0-9]*/cpulist 2>/dev/null); \
            node=$(printf '%s\\n' "$nodes" | sed -n \(index + 1)p); \
            if [ "$(printf '%s\\n' "$nodes" | wc -l)" -eq \(host.workers) ] && taskset -cp "$node" $$ >/dev/null 2>&1; \
            then lanes=; else lanes="--lanes $((($(nproc) + \(host.workers - 1)) / \(host.workers)))"; fi; 
            """
    }
}

extension Configuration.Cluster.Host {
    /// Without the user.
    var name: String { address.split(separator: "@").last.map(String.init) ?? address }
}

extension String {
    /// As one word of sh.
    var quotedForShell: String {
        if wholeMatch(of: #/[A-Za-z0-9_.,:=@%+\/\-]+/#) != nil { return self }
        return "'" + replacing("'", with: #"'\''"#) + "'"
    }
}
