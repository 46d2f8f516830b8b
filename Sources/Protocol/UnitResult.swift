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

    /// What the unit asked for. The elements of a failed row are zero.
    package enum Output: Hashable, Sendable {
        /// Hidden states: f32 `[rows, responses, layers, hidden]`.
        case states(Tensor)

        /// Projections on the direction with this digest: f64 `[rows, responses, layers]`.
        case scores(Tensor, direction: String)

        package var work: WorkKind {
            switch self {
            case .states: .embed
            case .scores: .project
            }
        }

        package var values: Tensor {
            switch self {
            case .states(let values), .scores(let values, _): values
            }
        }
    }

    /// The bytes of the values of the largest legal result of rows with two responses.
    package static func valueBytesMax(layers: Int) -> Int {
        UnitPayload.rowsMax * 2 * layers * LoadedModel.hiddenSizeMax * Tensor.ElementType.f32.byteCount
    }

    package var lease: Lease

    /// The rows' indices in their dataset, as in the payload.
    package var rows: [UInt64]

    package var output: Output

    /// Rows that could not be computed, ascending by item; the other rows of the unit are good.
    package var failures: [RowFailure]

    /// Tokens of all sequences, and those left to compute after shared prefixes.
    package var tokensTotal: UInt64
    package var tokensComputed: UInt64
    package var computeMicroseconds: UInt64

    /// Where the job keeps them, the rows' embeddings.
    package var kept: KeptEmbeddings?

    package init(
        lease: Lease, rows: [UInt64], output: Output, failures: [RowFailure] = [], tokensTotal: UInt64 = 0,
        tokensComputed: UInt64 = 0, computeMicroseconds: UInt64 = 0, kept: KeptEmbeddings? = nil
    ) {
        self.lease = lease
        self.rows = rows
        self.output = output
        self.failures = failures
        self.tokensTotal = tokensTotal
        self.tokensComputed = tokensComputed
        self.computeMicroseconds = computeMicroseconds
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
