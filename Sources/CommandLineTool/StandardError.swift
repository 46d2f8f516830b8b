internal import Foundation

/// Writes to standard error. One that cannot be written to, such as a file on a full disk, takes nothing, and the program
/// goes on: there is no better place to say so.
package enum StandardError {
    package static func write(_ text: String) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }
}
