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

    /// What is said of margins below zero besides their number.
    package enum Mark: Hashable, Sendable {
        /// Whether the margin is below zero.
        case negative(Bool)

        /// Whether it was, and the row's responses are to change places.
        case flipped(Bool)
    }

    package private(set) var margin: Double
    package private(set) var scoreChosen: Double
    package private(set) var scoreRejected: Double

    /// nil where the margin is the difference of the scores.
    package private(set) var calibrated: Calibrated?

    /// The number of the margin's bin, from 0; nil in all rows where there are no bins.
    package var bin: Int?

    /// nil in all rows where nothing is said of them.
    package var mark: Mark?

    /// Whether one of the row's texts was cut; nil in all rows where none is.
    package var isTruncated: Bool?

    /// - Throws: ``NonFiniteValue`` if a number is infinite or none: JSON cannot say that, and reward trainers need a
    ///   finite margin.
    package init(
        margin: Double, scoreChosen: Double, scoreRejected: Double, calibrated: Calibrated? = nil
    ) throws(NonFiniteValue) {
        self.margin = margin
        self.scoreChosen = scoreChosen
        self.scoreRejected = scoreRejected
        self.calibrated = calibrated
        for case (let column, .number(let value)) in members where !value.isFinite {
            throw NonFiniteValue(column: column, found: value.description)
        }
    }

    /// Its columns, in their order.
    package var members: [(column: OutputColumn, value: AddedColumn.Value)] {
        let mark: (OutputColumn, AddedColumn.Value)? =
            switch mark {
            case nil: nil
            case .negative(let isNegative): (.negative, .boolean(isNegative))
            case .flipped(let isFlipped): (.flipped, .boolean(isFlipped))
            }
        let values: [(OutputColumn, AddedColumn.Value)?] = [
            (.margin, .number(margin)), calibrated.map { (.marginRaw, .number($0.raw)) },
            calibrated?.standardError.map { (.marginError, .number($0)) },
            calibrated?.probability.map { (.probability, .number($0)) }, bin.map { (.bin, .integer($0)) }, mark,
            isTruncated.map { (.truncated, .boolean($0)) },
            (.scoreChosen, .number(scoreChosen)), (.scoreRejected, .number(scoreRejected)),
        ]
        return values.compactMap(\.self)
    }

    /// The columns that every annotated row has.
    package static let usual = [OutputColumn.margin, .scoreChosen, .scoreRejected].map {
        AddedColumn($0.rawValue, .number(0))
    }

    /// With a margin of 0 in place of one below it.
    package var clipped: Annotation {
        var clipped = self
        clipped.margin = max(margin, 0)
        return clipped
    }

    /// What the row's numbers are where its responses change places.
    package var opposite: Annotation {
        var opposite = self
        opposite.margin = -margin
        (opposite.scoreChosen, opposite.scoreRejected) = (scoreRejected, scoreChosen)
        opposite.calibrated = calibrated.map {
            Calibrated(raw: -$0.raw, standardError: $0.standardError, probability: $0.probability.map { 1 - $0 })
        }
        return opposite
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
    /// It has a margin, and is not wanted in the output.
    ///
    /// - Parameter reason: a sentence that says why.
    case dropped(reason: String)
    /// It has several responses, and no two of them of which one is better.
    ///
    /// - Parameter reason: a sentence that says why.
    case unpaired(reason: String)

    /// How such a reason ends.
    package static let dropReasonEnding = "(margin.negative: drop)"
    package static let unpairedReasonEnding = "(no pair)"
}

/// The columns that an output can add to a row.
package enum OutputColumn: String, CaseIterable, Sendable {
    case margin
    case marginRaw = "margin_raw"
    case marginError = "margin_se"
    case probability = "p_safer"
    case bin = "margin_bin"
    case negative = "margin_negative"
    case flipped = "margin_flipped"
    case truncated = "margin_truncated"
    case scoreChosen = "score_chosen"
    case scoreRejected = "score_rejected"

    /// The column with exactly that name, byte by byte.
    init?(named name: some Sequence<UInt8>) {
        guard let column = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name) }) else { return nil }
        self = column
    }
}
