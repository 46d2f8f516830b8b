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

    /// What the unit asked for.
    package struct Output: Hashable, Sendable {
        package let work: WorkKind

        /// `[texts, …]`, as the work kind says. The elements of a failed row are zero. Of generated texts their UTF-8, one
        /// after another.
        package let values: Tensor

        /// Where the work generates them; those of a failed row are empty.
        package let texts: [GeneratedText]

        /// The digest of the scorer that the values are by; nil where the work needs none.
        package let scorer: String?

        /// - Precondition: there is a scorer just where the work needs one.
        package init(_ work: WorkKind, _ values: Tensor, scorer: String? = nil) {
            precondition((scorer != nil) == work.needsScorer, "values by a scorer are those of work that needs one")
            self.work = work
            self.values = values
            self.scorer = scorer
            texts = []
        }

        /// - Precondition: the work generates texts.
        package init(_ work: WorkKind, texts: [GeneratedText]) {
            precondition(work.values == .texts, "texts are of work that generates some")
            self.work = work
            self.texts = texts
            values = Tensor(texts.flatMap { Array($0.text.utf8) })
            scorer = nil
        }

        /// Whether there are values of so many texts.
        package func hasValues(ofTexts count: Int) -> Bool {
            work.values == .texts ? texts.count == count : values.shape.first == count
        }

        /// What is the same in two results that are.
        package func comparedBytes() throws -> [UInt8] {
            work.values == .texts ? try GeneratedText.serialized(texts) : values.bytes
        }

        /// What the ledger keeps of a row: its texts' part of the values.
        package func elements(ofTexts texts: Range<Int>, of count: Int) throws -> [UInt8] {
            guard work.values != .texts else { return try GeneratedText.serialized(self.texts[texts]) }
            let bytesPerText = values.bytes.count / count
            return Array(values.bytes[texts.lowerBound * bytesPerText..<texts.upperBound * bytesPerText])
        }

        /// Hidden states: f32 `[texts, readouts, hidden]`.
        package static func states(_ values: Tensor) -> Self { Self(.embed, values) }

        /// By the scorer with this digest: f64 `[texts, scores]`, in the order of its parts and their directions.
        package static func scores(_ values: Tensor, scorer: String) -> Self { Self(.project, values, scorer: scorer) }
    }

    /// Vectors of hidden states in a unit of more than one row, at most.
    package static let vectorsMax = 1024

    /// More bytes of values are not sent as one unit.
    package static let valueBytesMax = vectorsMax * LoadedModel.hiddenSizeMax * Tensor.ElementType.f32.byteCount

    package var lease: Lease

    /// The rows' indices in their dataset, as in the payload.
    package var rows: [UInt64]

    /// Of each row. A unit's texts are its rows' responses, one row after another.
    package var responseCounts: [Int]
    package var output: Output

    /// Rows that could not be computed, ascending by item; the other rows of the unit are good.
    package var failures: [RowFailure]

    /// Indices into `rows`, ascending: of those of which a text was cut, as the job's ``Truncation`` says.
    package var truncated: [Int]

    /// Tokens of all sequences, and those left to compute after shared prefixes.
    package var tokensTotal: UInt64
    package var tokensComputed: UInt64
    package var computeMicroseconds: UInt64

    /// Where the job keeps them, the rows' embeddings.
    package var kept: KeptEmbeddings?

    package init(
        lease: Lease, rows: [UInt64], responseCounts: [Int], output: Output, failures: [RowFailure] = [],
        truncated: [Int] = [], tokensTotal: UInt64 = 0, tokensComputed: UInt64 = 0, computeMicroseconds: UInt64 = 0,
        kept: KeptEmbeddings? = nil
    ) {
        self.lease = lease
        self.rows = rows
        self.responseCounts = responseCounts
        self.output = output
        self.failures = failures
        self.truncated = truncated
        self.tokensTotal = tokensTotal
        self.tokensComputed = tokensComputed
        self.computeMicroseconds = computeMicroseconds
        self.kept = kept
    }

    package var textCount: Int { responseCounts.reduce(0, +) }

    /// Each row's texts.
    package var texts: [Range<Int>] {
        var start = 0
        return responseCounts.map { count in
            defer { start += count }
            return start..<start + count
        }
    }
}

/// Embeddings of a unit's rows on their way into the store.
package struct KeptEmbeddings: Hashable, Sendable {
    /// f16 `[texts, readouts, hidden]`, never infinite; those of a failed row are zero.
    package var vectors: Tensor

    /// For each vector the power of two that its elements are to be multiplied by, or 127 where it is not finite.
    package var exponents: [Int8]

    package init(vectors: Tensor, exponents: [Int8]) {
        self.vectors = vectors
        self.exponents = exponents
    }

    /// More bytes of vectors are not sent as one unit.
    package static let byteCountMax = 64 << 20
}
