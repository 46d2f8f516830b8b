package import Protocol

/// What a router did not let in, or did not listen to, since it last said so.
package struct TurnedAway: Hashable, Sendable {
    /// A client whose key is not on the allow-list.
    package struct Key: Hashable, Sendable {
        /// nil where it named none.
        package var key: PublicKey?

        /// The client's IP address.
        package var address: String

        package var attempts: Int
    }

    /// The first few of them, in the order of their coming.
    package var keys: [Key] = []

    /// Attempts of further ones.
    package var moreKeys = 0

    /// Connections without a key where keys are asked for, with one where none are, with another coordinator's public
    /// key, or of other programs.
    package var mismatches = 0

    /// Connections that ended, or took too long, before anything was said.
    package var incomplete = 0

    /// Messages beyond what any worker has to say, and malformed ones beyond those that were reported one by one.
    package var messages = 0

    /// The sender of the first of those messages.
    package var peer: PeerID?

    /// Messages of connections whose key is not allowed any more.
    package var revoked = 0

    static let keysMax = 8

    package var isEmpty: Bool { self == TurnedAway() }

    mutating func refused(_ refusal: Authenticator.Refusal) {
        if let index = keys.firstIndex(where: { $0.key == refusal.key && $0.address == refusal.address }) {
            keys[index].attempts += 1
        } else if keys.count < Self.keysMax {
            keys.append(Key(key: refusal.key, address: refusal.address, attempts: 1))
        } else {
            moreKeys += 1
        }
    }

    mutating func failed(_ failure: HandshakeFailure) {
        switch failure {
        case .keyRefused: break
        case .mismatch: mismatches += 1
        case .hungUp: incomplete += 1
        }
    }

    mutating func dropped(from peer: PeerID) {
        messages += 1
        self.peer = self.peer ?? peer
    }
}
