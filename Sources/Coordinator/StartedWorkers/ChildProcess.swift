internal import CommandLineTool
internal import Foundation
internal import Synchronization

/// A program that this process started, and that ends with it: its standard input is a pipe whose other end is held
/// here. It has this process's niceness, processors and limits, as the user set them.
///
/// A thread of its own waits for its end. (Foundation's `Process` hears of it over a run loop's sockets, and was seen to
/// miss it in a process with many of them.)
final class ChildProcess: Sendable {
    enum Ending: Hashable, Sendable {
        case exit(status: Int32)
        case signal(Int32)

        /// Of a `wait` status.
        fileprivate init(_ status: Int32) {
            let signal = status & 0x7F
            self = signal == 0 ? .exit(status: status >> 8 & 0xFF) : .signal(signal)
        }
    }

    private struct State {
        var hasEnded = false
        /// -1 once it is closed.
        var input: Int32
    }

    private let process: pid_t
    private let state: Mutex<State>

    /// - Parameters:
    ///   - command: the program, found in the `PATH` where it has no slash, then its arguments.
    ///   - log: a file that standard output and error are appended to.
    ///   - input: what its standard input begins with; less than a pipe holds.
    ///   - isInOwnGroup: whether signals of the terminal, such as Ctrl-C, pass it by.
    ///   - ended: called once, on a thread of its own.
    /// - Throws: `POSIXError`.
    init(
        _ command: [String], log: String, input: String, isInOwnGroup: Bool, ended: @escaping @Sendable (Ending) -> Void
    ) throws {
        // Neither end may reach another child, or that one would keep this one's input open.
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0, ends.allSatisfy({ fcntl($0, F_SETFD, FD_CLOEXEC) == 0 }) else {
            throw POSIXError(.init(rawValue: errno) ?? .EIO)
        }
        defer { close(ends[0]) }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO)
        posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
        posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
        // The child begins with no signal blocked or ignored, whatever this thread does with them.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var signals = sigset_t()
        sigemptyset(&signals)
        posix_spawnattr_setsigmask(&attributes, &signals)
        for signal in [SIGINT, SIGTERM, SIGPIPE, SIGHUP] { sigaddset(&signals, signal) }
        posix_spawnattr_setsigdefault(&attributes, &signals)
        var flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF
        if isInOwnGroup { flags |= POSIX_SPAWN_SETPGROUP }
        posix_spawnattr_setflags(&attributes, Int16(flags))
        let arguments = command.map { strdup($0) }
        defer { arguments.forEach { free($0) } }
        var process = pid_t()
        let code = Niceness.adopting {
            posix_spawnp(&process, command[0], &actions, &attributes, arguments + [nil], environ)
        }
        guard code == 0 else {
            close(ends[1])
            throw POSIXError(.init(rawValue: code) ?? .EIO)
        }
        DescriptorLimit.restore(for: process)
        // The pipe has room for it and its other end is still open here: this neither waits nor fails.
        _ = input.withCString { write(ends[1], $0, strlen($0)) }
        self.process = process
        state = Mutex(State(input: ends[1]))
        let thread = Thread { [self, process] in
            var information = siginfo_t()
            while waitid(P_PID, id_t(process), &information, WEXITED | WNOWAIT) < 0, errno == EINTR {}
            // Under the lock, like `kill`: from here on the process's number may be another's.
            let status = state.withLock { state in
                var status: Int32 = 0
                while waitpid(process, &status, 0) < 0, errno == EINTR {}
                state.hasEnded = true
                return status
            }
            closeInput()
            ended(Ending(status))
        }
        thread.name = "legend-child"
        thread.start()
    }

    /// Tells the child that nobody is there any more.
    func closeInput() {
        state.withLock { state in
            if state.input >= 0 { close(state.input) }
            state.input = -1
        }
    }

    /// Waits for the child's end; false where the time is over before.
    func ends(within limit: Duration) async -> Bool {
        let deadline = ContinuousClock.now + limit
        while !state.withLock({ $0.hasEnded }) {
            guard ContinuousClock.now < deadline else { return false }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return true
    }

    func kill() {
        state.withLock { state in
            if !state.hasEnded { _ = Foundation.kill(process, SIGKILL) }
        }
    }
}
