internal import Diagnostics

/// Reads how strongly rows were labelled, and counts those that do not tell, or tell the opposite of their label.
package struct LabelReader: Sendable {
    /// Of one of the two things that are read.
    package struct Tally: Hashable, Sendable {
        /// Rows that tell.
        package private(set) var rows = 0

        /// Those that do not.
        package private(set) var unusable = 0

        /// Those that tell that the rejected response is the preferred one.
        package private(set) var contradicting = 0

        /// The place of the first of each, and what is wrong with it.
        fileprivate var firstUnusable: String?
        fileprivate var firstContradicting: String?
    }

    package let columns: LabelColumns
    package private(set) var strengths = Tally()
    package private(set) var votes = Tally()

    package init(_ columns: LabelColumns) { self.columns = columns }

    /// Above 0 where it says what the label says; nil where nothing is read, or the row does not tell.
    package mutating func strength(of record: DatasetRecord) -> Double? {
        guard let strength = columns.strength else { return nil }
        return strengths.read(record) { record throws(RowProblem) in
            let value = try strength.value(of: record)
            return (value, isContradicting: value < 0)
        }
    }

    /// The share of votes for the chosen response, 0 to 1; nil where nothing is read, or the row does not tell.
    package mutating func share(of record: DatasetRecord) -> Double? {
        guard let votes = columns.votes else { return nil }
        return self.votes.read(record) { record throws(RowProblem) in
            let share = try votes.share(of: record.original)
            return (share, isContradicting: share < 0.5)
        }
    }

    /// Reads all that the row tells.
    package mutating func read(_ record: DatasetRecord) {
        _ = strength(of: record)
        _ = share(of: record)
    }

    /// What is read, and of how many rows.
    package var readLines: [String] {
        [("strength", columns.strength?.names, strengths), ("votes", columns.votes?.names, votes)].compactMap {
            name, columns, tally in columns.map { "\(name): \($0.listed), of \(tally.rows.counted("row"))" }
        }
    }

    /// What is odd, a sentence each.
    package var lines: [String] {
        strengths.lines(
            key: "dataset.strength", columns.strength?.names ?? [], consequence: "no figure of strength counts",
            opposite: "labelled strength is below 0")
            + votes.lines(
                key: "dataset.votes", columns.votes?.names ?? [], consequence: "calibration does not learn of",
                opposite: "share of votes is below one half")
    }
}

extension LabelReader.Tally {
    fileprivate mutating func read(
        _ record: DatasetRecord, _ value: (DatasetRecord) throws(RowProblem) -> (Double, isContradicting: Bool)
    ) -> Double? {
        do throws(RowProblem) {
            let (number, isContradicting) = try value(record)
            rows += 1
            if isContradicting {
                contradicting += 1
                if firstContradicting == nil { firstContradicting = record.place }
            }
            return number
        } catch {
            unusable += 1
            if firstUnusable == nil { firstUnusable = "\(record.place): \(error)" }
            return nil
        }
    }

    fileprivate func lines(key: String, _ columns: [String], consequence: String, opposite: String) -> [String] {
        var lines: [String] = []
        let names = columns.listed
        if let first = firstUnusable {
            let text = unusable == 1 ? "1 row has no such value" : "\(unusable) rows have no such values"
            lines.append("\(key) (\(names)): \(text), which \(consequence); the first: \(first)")
        }
        if let first = firstContradicting {
            let text =
                contradicting == 1 ? "1 row contradicts its label" : "\(contradicting) rows contradict their labels"
            lines.append("\(key) (\(names)): \(text): the \(opposite); the first: \(first)")
        }
        return lines
    }
}

extension DatasetRecord {
    /// As messages name it.
    fileprivate var place: String { "row \(index) on line \(line)" }
}
