/// Names the other end of a connection. It changes with every reconnection; who is there, `Hello` tells.
package struct PeerID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// libzmq's routing id.
    package let bytes: [UInt8]

    package init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The only peer of a worker's socket.
    package static let coordinator = PeerID([])

    package static func < (left: Self, right: Self) -> Bool { left.bytes.lexicographicallyPrecedes(right.bytes) }
    package var description: String { bytes.prefix(8).map { String($0, radix: 16) }.joined(separator: "-") }
}
