/// Versions that two processes compare before they work together.
package enum ProtocolVersion {
    /// Raised by every change to `legend.proto` that an older peer could misread, and by every new value of a ``Choice``
    /// that is sent: a peer that does not know its name takes the message for malformed.
    package static let current: UInt32 = 10

    /// The version of this software, for people; it decides nothing.
    package static let software = "0.1.0"

    /// To whom two processes that do not understand each other belong.
    package static let advice = "install the same release of legend on the coordinator and on all workers"
}

/// A message that cannot be what a peer of this protocol sends.
package struct ProtocolError: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String

    package init(_ description: String) {
        self.description = description
    }
}
