internal import Diagnostics
internal import JSON

/// Several responses in one row, and what says which of them are better. Pairs are made of them by a rule.
struct RankedResponses: ResponseSource, Hashable {
    typealias Judgement = DatasetColumns.Ranked.Judgement

    /// A row with more is an error: there would be more than 2000 pairs of it.
    static let countMax = 64

    let responses: ColumnPath
    let judgement: Judgement
    let rule: PairRule

    var columns: [String] { [responses.column, judgement.column] }

    var ranking: RankedColumns? {
        var isOfBestAlone = false
        if case .best = judgement { isOfBestAlone = true }
        var leftOut = [responses.column]
        // The number of the best one is no list, and stays.
        if !isOfBestAlone, judgement.column != responses.column { leftOut.append(judgement.column) }
        return RankedColumns(
            leftOut: leftOut, isOfBestAlone: isOfBestAlone,
            words: "responses: \(responses), \(judgement.words), pairs: \(rule.rawValue)")
    }

    var exchange: ResponseExchange? { .pair }

    func responses(of row: OriginalRow) throws(RowProblem) -> [RowResponse] {
        try judged(in: row).responses.map(\.response)
    }

    func comparison(of responses: [RowResponse], in row: OriginalRow) throws(RowProblem) -> ResponseComparison {
        .ranked(try judged(in: row))
    }

    private func judged(in row: OriginalRow) throws(RowProblem) -> JudgedResponses {
        let values = try responses.values(of: row)
        let ratings = try ratings(of: row, count: values.count)
        var judged = JudgedResponses(rule: rule, count: values.count)
        if case .ranks = judgement { judged.areRanks = true }
        for (index, (value, rating)) in zip(values, ratings).enumerated() {
            guard let value, !(value.string?.isBlank ?? value.isEmpty) else {
                judged.leftOut.empty += 1
                continue
            }
            guard let rating else {
                judged.leftOut.unrated += 1
                continue
            }
            let response = RowResponse(responses.name(of: index), .json(value))
            judged.responses.append(.init(response: response, rating: rating.shown, merit: rating.merit))
        }
        return judged
    }

    /// For each response; nil where the row has no number for it.
    private func ratings(
        of row: OriginalRow, count: Int
    ) throws(RowProblem) -> [(shown: Double?, merit: Double)?] {
        switch judgement {
        case .scores(let path):
            return try numbers(at: path, of: row, count: count).map { number in number.map { ($0, $0) } }
        case .ranks(let path):
            let ranks = try numbers(at: path, of: row, count: count)
            if let wrong = ranks.compactMap(\.self).first(where: { $0 < 1 }) {
                throw .wrongType(
                    column: path.description, expected: "places, of which 1 is the best",
                    found: "\(wrong): is it the order of the responses? That is not read")
            }
            return ranks.map { number in number.map { ($0, -$0) } }
        case .best(let column):
            guard let best = try best(in: column, of: row, count: count) else {
                return Array(repeating: nil, count: count)
            }
            return (0..<count).map { (nil, $0 == best ? 1 : 0) }
        }
    }

    private func numbers(
        at path: ColumnPath, of row: OriginalRow, count: Int
    ) throws(RowProblem) -> [Double?] {
        let values = try path.values(of: row)
        guard values.count == count else {
            throw .wrongType(
                column: path.description, expected: "a number for each of the \(count) of \(responses)",
                found: "\(values.count)")
        }
        var numbers: [Double?] = []
        for (index, value) in values.enumerated() {
            if let value, value.kind != .number, value.kind != .string {
                throw .wrongType(column: path.name(of: index), expected: "a number", found: value.kind.words)
            }
            numbers.append(value?.rating)
        }
        return numbers
    }

    /// nil where the column says nothing.
    private func best(in column: String, of row: OriginalRow, count: Int) throws(RowProblem) -> Int? {
        guard let value = row.value(of: column) else { throw .missingColumn(column, columns: row.columnNames) }
        if value.saysNothing { return nil }
        let number: Double? =
            switch value {
            case .json(let value): value.rating
            case .text(let text): text.rating
            }
        guard let number, let best = Int(exactly: number), (0..<max(count, 1)).contains(best) else {
            let shown = number.flatMap { Int(exactly: $0) }.map { "\($0)" } ?? value.kindWords
            throw .wrongType(
                column: column, expected: "the number of the best of \(count) responses, counted from 0", found: shown)
        }
        return best
    }
}

/// A row's responses that can be compared, and what was passed over.
package struct JudgedResponses: Sendable {
    struct Response {
        var response: RowResponse
        /// As the row has it; nil where it has the number of the best one alone.
        var rating: Double?
        /// More is better.
        var merit: Double
    }

    let rule: PairRule
    var responses: [Response] = []
    /// How many the row has, with those that were passed over.
    var count: Int
    var leftOut = LeftOutResponses()
    /// Whether ratings are places, of which 1 is the best.
    var areRanks = false

    init(rule: PairRule, count: Int) {
        self.rule = rule
        self.count = count
    }
}

/// How many of a row's responses are in no pair, though the row has them.
package struct LeftOutResponses: Hashable, Sendable {
    /// There is no number for it.
    package var unrated = 0
    /// It says nothing.
    package var empty = 0
    /// Pairs that are none, for their two responses are the same text.
    package var identicalPairs = 0

    package init() {}
}

/// What pairs are made of where rows have several responses.
package struct RankedColumns: Hashable, Sendable {
    /// Columns whose lists were taken apart: they are in no output.
    package let leftOut: [String]
    /// Whether rows say which response is the best, and nothing of the others.
    package let isOfBestAlone: Bool
    /// Where responses and their order are from, and the rule, for messages.
    package let words: String

    package init(leftOut: [String], isOfBestAlone: Bool, words: String) {
        self.leftOut = leftOut
        self.isOfBestAlone = isOfBestAlone
        self.words = words
    }
}

extension DatasetColumns.Ranked.Judgement {
    var column: String {
        switch self {
        case .scores(let path), .ranks(let path): path.column
        case .best(let column): column
        }
    }

    var name: String {
        switch self {
        case .scores(let path), .ranks(let path): path.description
        case .best(let column): column
        }
    }

    /// As the configuration has it.
    var words: String {
        switch self {
        case .scores: "scores: \(name)"
        case .ranks: "ranks: \(name)"
        case .best: "best: \(name)"
        }
    }
}

extension JSONValue {
    /// A number, also as text; nil of a text that is none, such as "N/A".
    fileprivate var rating: Double? { number.flatMap { $0.isFinite ? $0 : nil } ?? string?.rating }
}

extension String {
    /// Nothing that only some programs take for a number: no hexadecimal digits, no infinity.
    fileprivate var rating: Double? {
        let text = trimmed
        guard text.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
        return Double(text).flatMap { $0.isFinite ? $0 : nil }
    }
}
