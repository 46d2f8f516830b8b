internal import Foundation

/// What is wrong with a file, or what the system refused to do with it: `PATH: PROBLEM`.
package struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// As the caller named it.
    package let path: String

    /// What was expected and found; or what could not be done, and the system's words for why.
    package let problem: String

    /// `errno` of the call that failed; nil where none did.
    package let code: Int32?

    package init(path: String, problem: String) {
        self.path = path
        self.problem = problem
        code = nil
    }

    /// A call of the system that failed.
    ///
    /// - Parameters:
    ///   - action: what it was to do, in words that follow "cannot".
    ///   - code: `errno`.
    package init(path: String, cannot action: String, code: Int32) {
        self.path = path
        problem = "cannot \(action): \(Self.words(for: code))"
        self.code = code
    }

    package var description: String { "\(path): \(problem)" }

    /// Whether the disk is full, or the user's part of it.
    package var isLackOfSpace: Bool { code == ENOSPC || code == EDQUOT }

    /// The system's words for an `errno`.
    package static func words(for code: Int32) -> String { String(cString: strerror(code)) }
}

/// Runs a call of the system, again where a signal interrupts it: the one place where `errno` becomes an error.
@discardableResult
func systemCall<Result: SignedInteger>(
    _ path: String, cannot action: @autoclosure () -> String, _ call: () -> Result
) throws(FileError) -> Result {
    while true {
        let result = call()
        let code = errno
        if result >= 0 { return result }
        guard code == EINTR else { throw FileError(path: path, cannot: action(), code: code) }
    }
}
