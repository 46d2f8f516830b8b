internal import Digest

/// What workers project hidden states on: for each of its readouts a matrix of directions, each of which gives every text a
/// score, and where it has a matrix of errors one number more. A plain Legend direction is the one row of the one matrix.
package struct Scorer: Hashable, Sendable {
    package struct Part: Hashable, Sendable {
        /// Its layer counts from the front.
        package let readout: Readout

        /// f32 `[directions, hidden]`.
        package let directions: Tensor

        /// f32 `[errors, hidden]`: the last number of each text is the length of the projection on these of its state
        /// less that of its row's first text, and of a first text that of its state alone. nil: there is no such number.
        package let errors: Tensor?

        package init(_ readout: Readout, _ directions: Tensor, errors: Tensor? = nil) {
            self.readout = readout
            self.directions = directions
            self.errors = errors
        }

        /// Numbers that each text gets.
        package var scoreCount: Int { directions.shape[0] + (errors == nil ? 0 : 1) }

        /// In the order in which they are sent.
        package var matrices: [Tensor] { [directions] + [errors].compactMap(\.self) }
    }

    /// Of all parts: every text of a unit is projected on so many.
    package static let directionsMax = 1024

    /// Each once.
    package let parts: [Part]

    /// SHA-256 of all that is in it: names it in acknowledgements and results.
    package let digest: String

    /// - Throws: `ProtocolError` where no text could be projected on it.
    package init(_ parts: [Part]) throws {
        guard (1...Readout.countMax).contains(parts.count), Set(parts.map(\.readout)).count == parts.count else {
            throw ProtocolError(
                "a scorer of \(parts.count) readouts; 1 to \(Readout.countMax), each once, are expected")
        }
        var directions = 0
        for part in parts {
            guard part.readout.layer.number >= 0 else {
                throw ProtocolError("a scorer of \(part.readout); a layer that counts from the front is expected")
            }
            for values in part.matrices {
                guard values.elementType == .f32, values.shape.count == 2, values.elementCount > 0,
                    values.shape[1] == parts[0].directions.shape.last, values.isFinite
                else {
                    throw ProtocolError(
                        """
                        a scorer's directions of \(values.elementType) \(values.shape); finite f32 [directions, hidden] \
                        are expected, of one hidden size
                        """)
                }
                directions += values.shape[0]
            }
        }
        guard directions <= Self.directionsMax else {
            throw ProtocolError("a scorer of \(directions) directions; at most \(Self.directionsMax) are expected")
        }
        self.init(checked: parts)
    }

    /// Of one direction.
    ///
    /// - Parameter errors: `[errors, hidden]`; empty: there are none.
    /// - Precondition: as of several directions.
    package init(_ readout: Readout, direction: [Float], errors: [Float] = []) {
        self.init(readout, directions: [direction], errors: errors)
    }

    /// Of directions at one place.
    ///
    /// - Parameters:
    ///   - directions: `[hidden]` each.
    ///   - errors: `[errors, hidden]`; empty: there are none.
    /// - Precondition: there is a direction, none is empty, all are finite, there are fewer than `directionsMax`, and with errors
    ///   at most so many.
    package init(_ readout: Readout, directions: [[Float]], errors: [Float] = []) {
        precondition(!directions.isEmpty && directions.count < Self.directionsMax, "no direction, or too many")
        let hidden = directions[0].count
        precondition(
            directions.allSatisfy { !$0.isEmpty && $0.count == hidden && $0.allSatisfy(\.isFinite) },
            "a direction that points nowhere")
        precondition(
            errors.count.isMultiple(of: hidden) && errors.count / hidden + directions.count <= Self.directionsMax
                && errors.allSatisfy(\.isFinite), "errors that are none of this direction")
        self.init(checked: [
            Part(
                readout, Tensor(directions.flatMap(\.self), shape: [directions.count, hidden]),
                errors: errors.isEmpty ? nil : Tensor(errors, shape: [errors.count / hidden, hidden]))
        ])
    }

    private init(checked parts: [Part]) {
        self.parts = parts
        let bytes = parts.flatMap { part in
            Array("\(part.readout)".utf8) + part.matrices.flatMap { Array(" \($0.shape)\n".utf8) + $0.bytes }
        }
        digest = SHA256Digest(of: bytes).description
    }

    package var hiddenSize: Int { parts[0].directions.shape[1] }

    /// Of its matrices.
    package var byteCount: Int { parts.flatMap(\.matrices).reduce(0) { $0 + $1.bytes.count } }

    /// Of each text.
    package var scoreCount: Int { parts.reduce(0) { $0 + $1.scoreCount } }
}
