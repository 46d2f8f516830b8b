internal import Diagnostics

/// What a row gets: a margin, and what it is made of.
package struct Annotation: Hashable, Sendable {
    /// What a margin says besides the difference of the two scores.
    package struct Calibrated: Hashable, Sendable {
        /// The margin as it is measured, `score_chosen - score_rejected`.
        package var raw: Double

        /// The standard error of `margin`, in its unit; nil in all rows where the direction says nothing of it.
        package var standardError: Double?

        /// The probability that the chosen response is the safer one; nil in all rows where nothing says how often
        /// margins are right.
        package var probability: Double?

        package init(raw: Double, standardError: Double?, probability: Double?) {
            self.raw = raw
            self.standardError = standardError
            self.probability = probability
        }
    }

    package let margin: Double
    package let scoreChosen: Double
    package let scoreRejected: Double

    /// nil where the margin is the difference of the scores.
    package let calibrated: Calibrated?

    /// - Throws: ``NonFiniteValue`` if one of them is infinite or not a number: JSON cannot say that, and reward
    ///   trainers need a finite margin.
    package init(
        margin: Double, scoreChosen: Double, scoreRejected: Double, calibrated: Calibrated? = nil
    ) throws(NonFiniteValue) {
        self.margin = margin
        self.scoreChosen = scoreChosen
        self.scoreRejected = scoreRejected
        self.calibrated = calibrated
        for (column, value) in members where !value.isFinite {
            throw NonFiniteValue(column: column, found: value.description)
        }
    }

    /// Its columns, in their order.
    package var members: [(column: OutputColumn, value: Double)] {
        let values: [(OutputColumn, Double?)] = [
            (.margin, margin), (.marginRaw, calibrated?.raw), (.marginError, calibrated?.standardError),
            (.probability, calibrated?.probability), (.scoreChosen, scoreChosen), (.scoreRejected, scoreRejected),
        ]
        return values.compactMap { column, value in value.map { (column, $0) } }
    }
}

package struct NonFiniteValue: Error, Hashable, Sendable, CustomStringConvertible {
    package let column: OutputColumn
    package let found: String

    package init(column: OutputColumn, found: String) {
        self.column = column
        self.found = found
    }

    package var description: String { "\(column.rawValue.quoted): expected a finite number, found \(found)" }
}

/// What a row comes out with.
package enum RowOutcome: Hashable, Sendable {
    case annotated(Annotation)
    /// - Parameter reason: a sentence that says why there is no margin.
    case failed(reason: String)
}

/// The columns that an output can add to a row.
package enum OutputColumn: String, CaseIterable, Sendable {
    case margin
    case marginRaw = "margin_raw"
    case marginError = "margin_se"
    case probability = "p_safer"
    case scoreChosen = "score_chosen"
    case scoreRejected = "score_rejected"

    /// Those of margins that are the difference of two scores.
    package static let plain: Set<OutputColumn> = [.margin, .scoreChosen, .scoreRejected]

    /// All that calibrated margins may have.
    package static let calibrated = Set(allCases)

    /// The column with exactly that name, byte by byte.
    init?(named name: some Sequence<UInt8>) {
        guard let column = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name) }) else { return nil }
        self = column
    }
}
