internal import Diagnostics

/// Columns that say more of rows' labels than which response is the safer one.
package struct LabelColumns: Hashable, Sendable {
    /// A column for each of a row's two responses.
    package enum Sides: Hashable, Sendable {
        case sides(chosen: String, rejected: String)

        /// Of rows in the format `pku`, whose label says which of the two is the chosen one.
        case numbered(String, String)

        package var names: [String] {
            switch self {
            case .sides(let first, let second), .numbered(let first, let second): [first, second]
            }
        }
    }

    /// How strongly the chosen response is preferred.
    package enum Strength: Hashable, Sendable {
        /// A number, whose size says it. Its sign is not read: in some datasets it is of the order in which responses were
        /// shown.
        case size(String)

        /// The chosen response's less the rejected one's.
        case ratings(Sides)

        /// The rejected response's less the chosen one's.
        case severities(Sides)

        /// What a row with several responses says of the two that are a pair: the better one's less the other's.
        case ratingsOfPairs

        package var names: [String] {
            switch self {
            case .size(let column): [column]
            case .ratings(let sides), .severities(let sides): sides.names
            case .ratingsOfPairs: [PairColumn.ratingChosen, .ratingRejected].map(\.rawValue)
            }
        }

        package var sides: Sides? {
            switch self {
            case .size, .ratingsOfPairs: nil
            case .ratings(let sides), .severities(let sides): sides
            }
        }
    }

    /// Who agrees with the label.
    package enum Votes: Hashable, Sendable {
        /// How many prefer each response.
        case counts(Sides)

        /// The share that prefers the chosen one.
        case share(String)

        package var names: [String] {
            switch self {
            case .counts(let sides): sides.names
            case .share(let column): [column]
            }
        }

        package var sides: Sides? {
            switch self {
            case .counts(let sides): sides
            case .share: nil
            }
        }
    }

    package var strength: Strength?
    package var votes: Votes?

    package init(strength: Strength? = nil, votes: Votes? = nil) { (self.strength, self.votes) = (strength, votes) }

    /// The severities, 0 to 3, that later versions of PKU-SafeRLHF have of both responses.
    package static let pkuSeverities = Strength.severities(
        .numbered("response_0_severity_level", "response_1_severity_level"))
}

extension DatasetReader {
    /// What pairs of one row are ordered by, or the severities of rows as PKU-SafeRLHF has them; nil where the file is another
    /// one, or the first row that can be read has none.
    package var knownStrength: LabelColumns.Strength? {
        if let ranking { return ranking.isOfBestAlone ? nil : .ratingsOfPairs }
        let strength = LabelColumns.pkuSeverities
        let isKnown =
            detectedFormat?.name == DatasetFormat.pku.name && strength.names.allSatisfy(unreadColumns.contains)
        return isKnown ? strength : nil
    }

    /// Whether a label names one of two responses that stay where they are: columns of each are then of these.
    package var hasNumberedResponses: Bool {
        if case .label = exchange { true } else { false }
    }
}

extension LabelColumns.Sides {
    /// Of the chosen response and of the rejected one.
    ///
    /// - Throws: ``RowProblem`` where the row has no such numbers.
    func numbers(of row: OriginalRow) throws(RowProblem) -> (chosen: Double, rejected: Double) {
        switch self {
        case .sides(let chosen, let rejected):
            return (try row.number(in: chosen), try row.number(in: rejected))
        case .numbered(let first, let second):
            let numbers = [try row.number(in: first), try row.number(in: second)]
            let safer = try row.saferResponse()
            return (numbers[safer], numbers[1 - safer])
        }
    }
}

extension LabelColumns.Strength {
    /// Above 0 where it says what the label says; of a size never below.
    ///
    /// - Throws: ``RowProblem`` where the row does not tell.
    func value(of record: DatasetRecord) throws(RowProblem) -> Double {
        let row = record.original
        switch self {
        case .size(let column): return abs(try row.number(in: column))
        case .ratingsOfPairs:
            guard let ratings = try? record.content.get().ratings else {
                throw .refused("the pair has no numbers that it is ordered by")
            }
            return try finite((ratings.preferred - ratings.other) * (ratings.areRanks ? -1 : 1))
        case .ratings(let sides):
            let ratings = try sides.numbers(of: row)
            return try finite(ratings.chosen - ratings.rejected)
        case .severities(let sides):
            let severities = try sides.numbers(of: row)
            return try finite(severities.rejected - severities.chosen)
        }
    }

    private func finite(_ value: Double) throws(RowProblem) -> Double {
        guard value.isFinite else { throw .refused("\(names.listed): the numbers are too far apart") }
        return value
    }
}

extension LabelColumns.Votes {
    /// The share of votes for the chosen response, 0 to 1.
    ///
    /// - Throws: ``RowProblem`` where the row does not tell.
    func share(of row: OriginalRow) throws(RowProblem) -> Double {
        switch self {
        case .share(let column):
            let share = try row.number(in: column)
            guard (0...1).contains(share) else {
                throw .wrongType(column: column, expected: "a share from 0 to 1", found: "\(share)")
            }
            return share
        case .counts(let sides):
            for column in sides.names {
                let count = try row.number(in: column)
                guard count >= 0 else {
                    throw .wrongType(column: column, expected: "votes, none or more", found: "\(count)")
                }
            }
            let votes = try sides.numbers(of: row)
            let all = votes.chosen + votes.rejected
            guard all > 0, all.isFinite else {
                throw .refused(
                    "\(sides.names.listed): expected a vote at least, found \(all == 0 ? "none" : "too many")")
            }
            return votes.chosen / all
        }
    }
}
