internal import CZeroMQ

/// A call to libzmq that failed.
package struct ZeroMQError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What was tried, for example `bind tcp://127.0.0.1:5711`.
    package var operation: String

    /// The errno value.
    package var code: Int32

    package var description: String {
        let hint =
            switch code {
            case EADDRINUSE: " (another process listens there: stop it, or choose another port)"
            case EADDRNOTAVAIL: " (this machine has no such address)"
            case EACCES: " (ports below 1024 need privileges)"
            case EINVAL: " (not an address such as tcp://127.0.0.1:5711)"
            default: ""
            }
        return "cannot \(operation): \(String(cString: zmq_strerror(code)))\(hint)"
    }

    /// The one place where libzmq's errno is read: call it at once after the call that failed.
    static func last(_ operation: @autoclosure () -> String) -> ZeroMQError {
        let code = zmq_errno()
        return ZeroMQError(operation: operation(), code: code)
    }
}
