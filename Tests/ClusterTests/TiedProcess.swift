import Foundation
import Synchronization

/// Processes that end with this one, even where it is killed.
///
/// Linux sends them the signal when the thread ends that started them: it is a thread of their own, which waits for them.
enum TiedProcess {
    /// Words to put before a command, which is killed then when the process that starts it ends.
    ///
    /// - Parameter parent: that process's number.
    static func launcher(parent: String, workingFolder: String = ".") -> [String] {
        // A parent that ended before the signal was asked for is not the parent any more.
        let script = #"[ "$PPID" = "$0" ] || exit 1; cd "$1" && shift && exec "$@""#
        return ["/usr/bin/setpriv", "--pdeathsig", "KILL", "/bin/sh", "-c", script, parent, workingFolder]
    }

    private final class Start: Sendable {
        let process = Mutex<Result<pid_t, POSIXError>?>(nil)
        let isOver = DispatchSemaphore(value: 0)
    }

    /// - Parameters:
    ///   - environment: `NAME=value`.
    ///   - folder: where files `stdout` and `stderr` are made.
    ///   - ended: called once with the `wait` status, on the process's thread.
    static func start(
        _ command: [String], environment: [String], workingFolder: String, printingInto folder: URL,
        ended: @escaping @Sendable (Int32) -> Void
    ) throws -> pid_t {
        let command = launcher(parent: "\(getpid())", workingFolder: workingFolder) + command
        let start = Start()
        Thread {
            let process = Result { () throws(POSIXError) in try spawn(command, environment, folder) }
            start.process.withLock { $0 = process }
            start.isOver.signal()
            guard case .success(let process) = process else { return }
            var status: Int32 = 0
            while waitpid(process, &status, 0) < 0, errno == EINTR {}
            ended(status)
        }.start()
        start.isOver.wait()
        return try start.process.withLock { try $0?.get() } ?? 0
    }

    private static func spawn(
        _ command: [String], _ environment: [String], _ folder: URL
    ) throws(POSIXError) -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (descriptor, name) in [(STDOUT_FILENO, "stdout"), (STDERR_FILENO, "stderr")] {
            let file = folder.appending(path: name).path
            posix_spawn_file_actions_addopen(&actions, descriptor, file, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        }
        // Those of the pool block nearly all signals, and so does a thread that one of them starts.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
        let strings = command.map { strdup($0) }
        let variables = environment.map { strdup($0) }
        defer { (strings + variables).forEach { free($0) } }
        var process = pid_t()
        let code = posix_spawn(&process, command[0], &actions, &attributes, strings + [nil], variables + [nil])
        guard code == 0 else { throw POSIXError(.init(rawValue: code) ?? .EIO) }
        return process
    }
}
