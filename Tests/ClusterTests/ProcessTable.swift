import Foundation

/// The processes of this machine, from /proc.
enum ProcessTable {
    static func children(of parent: pid_t) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }
            .filter { status(of: $0)?.parent == parent }.sorted()
    }

    /// Processes of this program that have this text in an argument.
    static func running(_ program: String, with text: String) throws -> [pid_t] {
        try FileManager.default.contentsOfDirectory(atPath: "/proc").compactMap { pid_t($0) }.filter { process in
            let line = (try? Data(contentsOf: URL(filePath: "/proc/\(process)/cmdline"))) ?? Data()
            let words = String(decoding: line, as: UTF8.self).split(separator: "\0")
            return words.first?.hasSuffix(program) == true && words.contains { $0.contains(text) } && isRunning(process)
        }.sorted()
    }

    /// False for a zombie as well.
    static func isRunning(_ process: pid_t) -> Bool {
        status(of: process).map { $0.state != "Z" } ?? false
    }

    /// Memory that is in use at this moment; nil for a process that has ended.
    static func residentBytes(of process: pid_t) -> Int? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/statm", encoding: .utf8) else { return nil }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? Int(fields[1]).map { $0 * Int(sysconf(Int32(_SC_PAGESIZE))) } : nil
    }

    /// The most memory that was in use so far, in bytes; nil for a process that has ended.
    static func peakMemory(of process: pid_t) -> Int? {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8),
            let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") })
        else { return nil }
        return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }.map { $0 << 10 }
    }

    private static func status(of process: pid_t) -> (state: Substring, parent: pid_t)? {
        // pid (name) state parent …; the name may hold anything.
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let nameEnd = text.lastIndex(of: ")")
        else { return nil }
        let fields = text[text.index(after: nameEnd)...].split(separator: " ")
        guard fields.count > 1, let parent = pid_t(fields[1]) else { return nil }
        return (fields[0], parent)
    }
}

/// A TCP port of the loopback interface that nobody listened on a moment ago.
struct FreePort {
    let number: UInt16

    init() throws {
        let listener = try Listener()
        number = listener.port
    }

    /// Holds a port.
    final class Listener: Sendable {
        private let descriptor: Int32
        let port: UInt16

        init() throws {
            let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = inet_addr("127.0.0.1")
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let isBound = withUnsafeMutablePointer(to: &address) { address in
                address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                    bind(descriptor, address, length) == 0 && listen(descriptor, 1) == 0
                        && getsockname(descriptor, address, &length) == 0
                }
            }
            self.descriptor = descriptor
            port = UInt16(bigEndian: address.sin_port)
            guard isBound else { throw POSIXError(.init(rawValue: errno) ?? .EADDRINUSE) }
        }

        deinit { close(descriptor) }
    }
}
