internal import Diagnostics

/// What a row gets: a margin and the two scores that it is made of.
package struct Annotation: Hashable, Sendable {
    package let margin: Double
    package let scoreChosen: Double
    package let scoreRejected: Double

    /// - Throws: ``NonFiniteValue`` if one of them is infinite or not a number: JSON cannot say that, and reward
    ///   trainers need a finite margin.
    package init(margin: Double, scoreChosen: Double, scoreRejected: Double) throws(NonFiniteValue) {
        for (column, value) in [
            (OutputColumn.margin, margin), (.scoreChosen, scoreChosen), (.scoreRejected, scoreRejected),
        ] where !value.isFinite {
            throw NonFiniteValue(column: column, found: value.description)
        }
        self.margin = margin
        self.scoreChosen = scoreChosen
        self.scoreRejected = scoreRejected
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

/// The columns that the output adds to a row.
package enum OutputColumn: String, CaseIterable, Sendable {
    case margin
    case scoreChosen = "score_chosen"
    case scoreRejected = "score_rejected"

    /// The column with exactly that name, byte by byte.
    init?(named name: some Sequence<UInt8>) {
        guard let column = Self.allCases.first(where: { $0.rawValue.utf8.elementsEqual(name) }) else { return nil }
        self = column
    }
}
