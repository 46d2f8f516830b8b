package import ArgumentParser
internal import Foundation

/// What a process of this project says with its exit status.
package enum ExitStatus: Int32, Sendable {
    /// All rows are annotated.
    case success = 0
    case failure = 1

    /// The command line or the configuration is wrong; nothing was done.
    case usage = 2

    /// The job is finished, and some rows could not be annotated.
    case finishedWithFailedRows = 3
}

/// An error that ends the process with a message of its own.
package struct Failure: Error, CustomStringConvertible, Sendable {
    package let description: String
    package let status: ExitStatus

    package init(_ description: String, status: ExitStatus = .failure) {
        self.description = description
        self.status = status
    }
}

extension AsyncParsableCommand {
    /// Runs the command line, prints errors to standard error and exits with an `ExitStatus`.
    package static func runAsTool() async -> Never {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
            guard fflush(nil) == 0 else { throw Failure("cannot write to standard output") }
            end(ExitStatus.success.rawValue)
        } catch let failure as Failure {
            write("\(failure)")
            end(failure.status.rawValue)
        } catch let code as ExitCode {
            end(code.rawValue)
        } catch {
            let code = exitCode(for: error)
            guard code != .success else { exit(withError: error) }
            let message = fullMessage(for: error)
            guard code == .validationFailure else {
                StandardError.write("\(message)\n")
                end(code.rawValue)
            }
            write(String(message.trimmingPrefix("Error: ")))
            end(ExitStatus.usage.rawValue)
        }
    }

    /// Ends the process as it is: threads may still compute, and what libraries clean up at an exit (oneDNN frees the code
    /// that it generated) would be gone under them.
    private static func end(_ status: Int32) -> Never {
        fflush(nil)
        _exit(status)
    }

    private static func write(_ message: String) {
        StandardError.write("error: \(message)\n")
    }
}
