/// Identifies a unit of work within its job; stable over restarts, never reused.
package struct UnitID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: UInt64

    package init(_ rawValue: UInt64) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "unit \(rawValue)" }
}

/// One attempt at one unit: the right of one worker to compute it.
package struct Lease: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var unit: UnitID

    /// Counts from 1 for each unit.
    package var attempt: UInt32

    package init(unit: UnitID, attempt: UInt32) {
        self.unit = unit
        self.attempt = attempt
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.unit, left.attempt) < (right.unit, right.attempt)
    }
    package var description: String { "\(unit), attempt \(attempt)" }
}

/// The two kinds of inference in a job.
package enum Stage: UInt8, Hashable, Sendable, CaseIterable {
    /// Embeds the anchors; the embeddings come back.
    case anchors = 1

    /// Embeds the preference rows and projects them on the direction; two scores a row come back.
    case rows = 2

    /// The stage whose results have elements of that type; nil where no stage's have.
    package init?(resultOf elementType: Tensor.ElementType) {
        switch elementType {
        case .f16: return nil
        case .f32: self = .anchors
        case .f64: self = .rows
        case .u8: return nil
        }
    }
}

/// Rendered rows that one worker embeds as one piece of work.
package struct UnitPayload: Hashable, Sendable {
    package struct Item: Hashable, Sendable {
        /// The row's index in its dataset.
        package var row: UInt64
        package var text: RenderedItem

        package init(row: UInt64, text: RenderedItem) {
            self.row = row
            self.text = text
        }
    }

    /// Rows of a unit, at most: its result fits into one message of a bounded size.
    package static let rowsMax = 512

    package var stage: Stage
    package var items: [Item]

    package init(stage: Stage, items: [Item]) {
        self.stage = stage
        self.items = items
    }
}

/// What a worker made of a unit.
package struct UnitResult: Hashable, Sendable {
    package struct RowFailure: Hashable, Sendable {
        /// Index into `rows`.
        package var item: Int
        package var reason: String

        package init(item: Int, reason: String) {
            self.item = item
            self.reason = reason
        }

        package static let notFiniteReason = "the model's hidden state is not finite"
    }

    /// The bytes of `values` of the largest legal result.
    package static func valueBytesMax(layers: Int) -> Int {
        UnitPayload.rowsMax * 2 * layers * LoadedModel.hiddenSizeMax * Tensor.ElementType.f32.byteCount
    }

    package var lease: Lease

    /// The rows' indices in their dataset, as in the payload.
    package var rows: [UInt64]

    /// Anchors: embeddings, f32 `[rows, responses, layers, hidden]`. Preference rows: their projections,
    /// f64 `[rows, responses, layers]`. The elements of a failed row are zero.
    package var values: Tensor

    /// Rows that could not be computed, ascending by item; the other rows of the unit are good.
    package var failures: [RowFailure]

    /// Tokens of all sequences, and those left to compute after shared prefixes.
    package var tokensTotal: UInt64
    package var tokensComputed: UInt64
    package var computeMicroseconds: UInt64

    /// For preference rows, the digest of the direction that was projected on; else empty.
    package var directionDigest: String

    /// Where the job keeps them, the rows' embeddings.
    package var kept: KeptEmbeddings?

    package init(
        lease: Lease, rows: [UInt64], values: Tensor, failures: [RowFailure] = [], tokensTotal: UInt64 = 0,
        tokensComputed: UInt64 = 0, computeMicroseconds: UInt64 = 0, directionDigest: String = "",
        kept: KeptEmbeddings? = nil
    ) {
        self.lease = lease
        self.rows = rows
        self.values = values
        self.failures = failures
        self.tokensTotal = tokensTotal
        self.tokensComputed = tokensComputed
        self.computeMicroseconds = computeMicroseconds
        self.directionDigest = directionDigest
        self.kept = kept
    }
}

/// Embeddings of a unit's rows on their way into the store.
package struct KeptEmbeddings: Hashable, Sendable {
    /// f16 `[rows, responses, layers, tokens, hidden]`, never infinite; those of a failed row are zero.
    package var vectors: Tensor

    /// For each vector the power of two that its elements are to be multiplied by, or 127 where it is not finite.
    package var exponents: [Int8]

    package init(vectors: Tensor, exponents: [Int8]) {
        self.vectors = vectors
        self.exponents = exponents
    }

    /// More bytes of vectors are not sent as one unit.
    package static let byteCountMax = 64 << 20

    /// How many rows a unit may have of which so many hidden states of each response are kept: 8 MiB of a model with a
    /// hidden size of 8192, so that a slow link passes other messages between two results.
    package static func rowsMax(statesPerResponse states: Int) -> Int {
        states == 0 ? UnitPayload.rowsMax : max(1, min(UnitPayload.rowsMax, 256 / states))
    }
}
