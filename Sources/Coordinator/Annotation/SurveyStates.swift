internal import Diagnostics
internal import JobStore
internal import Margins
internal import Protocol

/// The hidden states of a step's pairs in the ledger, at every place that the job asks for.
///
/// A pair's preferred side is the mean of all its texts but the last: of anchors without a harmless response they are
/// refusals.
///
/// They may be more than memory holds: what is asked for is read in passes over the ledger, of as many places each as fit
/// into a part of it.
struct SurveyStates {
    let step: WorkStep
    private let ledger: Ledger
    private let readouts: Int

    /// Texts before the pair's own.
    private let references: Int
    private let hiddenSize: Int

    /// Those that can be used, ascending.
    private(set) var rows: [UInt64] = []

    /// Their places among all rows of the step that can be used, ascending.
    private var places: [Int] = []

    /// The number of each row's prompt.
    private(set) var groups: [Int] = []

    /// What the others came to.
    private(set) var failures: [(row: UInt64, result: RowResult)] = []
    var failed: Int { failures.count }
    var count: Int { rows.count }

    /// Differences in memory at a time.
    private static let bytesMax = 256 << 20

    /// - Parameters:
    ///   - common: a prompt whose rows are in one group only where they have the same responses, too.
    ///   - references: texts before the pair's own.
    /// - Throws: `Problem` where the ledger has other numbers of a row than the job asks for; a ledger error.
    init(
        _ step: WorkStep, ledger: Ledger, common: PromptDigest? = nil, readouts: Int, hiddenSize: Int,
        references: Int = 0
    ) throws {
        (self.step, self.ledger, self.readouts, self.hiddenSize) = (step, ledger, readouts, hiddenSize)
        self.references = references
        let textSize = readouts * hiddenSize
        try ledger.forEachRow(of: step.id) { row, result in
            switch result {
            case .failed: failures.append((row, result))
            case .values(let values):
                let texts = values.elementCount / textSize
                guard texts > references + 1, values.elementCount == texts * textSize,
                    step.responses.map({ $0.count == texts }) ?? true
                else {
                    throw Problem(
                        """
                        row \(row) of \(step.name) has \(values.elementCount) numbers in the ledger; expected \(textSize) \
                        for each of its texts
                        """)
                }
                places.append(rows.count)
                rows.append(row)
            }
        }
        let prompts = try ledger.rowPrompts(of: [step.id], common: common).numbers
        groups = try rows.map { row in
            guard let prompt = prompts[row] else {
                throw Problem("row \(row) of \(step.name) has no text in the ledger")
            }
            return prompt
        }
    }

    /// Those of some rows.
    func of(_ rows: Set<UInt64>) -> SurveyStates {
        var states = self
        let indices = self.rows.indices.filter { rows.contains(self.rows[$0]) }
        states.rows = indices.map { self.rows[$0] }
        states.places = indices.map { places[$0] }
        states.groups = indices.map { groups[$0] }
        states.failures = failures.filter { rows.contains($0.row) }
        return states
    }

    /// Why the first of the rows that cannot be used cannot.
    var firstReason: String? {
        guard case .failed(let reason)? = failures.first?.result else { return nil }
        return reason
    }

    /// Calls `body` with the differences between the two texts of the pairs, for some places after others, in their order.
    ///
    /// - Parameters:
    ///   - indices: the pairs' places in `rows`, ascending.
    ///   - groups: of each of them.
    ///   - body: is given the first place, and the differences at it and at those after it.
    func forEachPlaces(
        _ indices: [Int], groups: [Int], _ body: (_ first: Int, _ differences: [PairDifferences]) throws -> Void
    ) throws {
        let bytes = indices.count * hiddenSize * MemoryLayout<Float>.stride
        let placesAtATime = max(Self.bytesMax / max(bytes, 1), 1)
        for first in stride(from: 0, to: readouts, by: placesAtATime) {
            let places = first..<min(first + placesAtATime, readouts)
            var differences = places.map { _ in PairDifferences(hiddenSize: hiddenSize) }
            var next = 0
            try forEachRow(of: indices) { _, values in
                for place in places {
                    let (preferred, other) = sides(place, values)
                    differences[place - first].append(zip(preferred, other).map { $0 - $1 }, group: groups[next])
                }
                next += 1
            }
            try body(first, differences)
        }
    }

    /// Both texts' states of all pairs at one place.
    func states(_ place: Int) throws -> PlaceStates {
        var states = PlaceStates(rows: rows, hiddenSize: hiddenSize)
        try forEachRow { _, values in
            let (preferred, other) = sides(place, values)
            states.append(preferred: preferred, other: other)
        }
        return states
    }

    /// How the first of the texts before the pair's own differs from the pair's other side, at one place.
    ///
    /// - Precondition: there is such a text.
    func referenceDifferences(_ place: Int) throws -> PairDifferences {
        precondition(references > 0, "no text before the pair's own")
        var differences = PairDifferences(hiddenSize: hiddenSize)
        try forEachRow { index, values in
            let start = place * hiddenSize
            let reference = values[start..<start + hiddenSize]
            differences.append(zip(reference, sides(place, values).other).map { $0 - $1 }, group: groups[index])
        }
        return differences
    }

    /// - Parameter values: `[texts, readouts, hidden]`
    private func sides(_ place: Int, _ values: [Float]) -> (preferred: ArraySlice<Float>, other: ArraySlice<Float>) {
        func state(_ text: Int) -> ArraySlice<Float> {
            let start = (text * readouts + place) * hiddenSize
            return values[start..<start + hiddenSize]
        }
        let last = values.count / (readouts * hiddenSize) - 1
        guard last > references + 1 else { return (state(references), state(last)) }
        var sum = Array(repeating: 0.0, count: hiddenSize)
        for text in references..<last {
            for (component, value) in state(text).enumerated() { sum[component] += Double(value) }
        }
        return (sum.map { Float($0 / Double(last - references)) }[...], state(last))
    }

    /// Of those that can be used: `[texts, readouts, hidden]`.
    ///
    /// - Parameter indices: ascending; nil for all.
    private func forEachRow(
        of indices: [Int]? = nil, _ body: (_ index: Int, _ values: [Float]) throws -> Void
    ) throws {
        let indices = indices ?? Array(rows.indices)
        var (place, next) = (0, 0)
        try ledger.forEachRow(of: step.id) { _, result in
            guard case .values(let values) = result else { return }
            defer { place += 1 }
            guard next < indices.count, places[indices[next]] == place else { return }
            try body(indices[next], values.floats())
            next += 1
        }
    }
}

/// The states of pairs at one place, of the preferred text and of the other one.
struct PlaceStates {
    private(set) var rows: [UInt64]
    private let hiddenSize: Int
    private var preferred: [Float] = []
    private var other: [Float] = []

    init(rows: [UInt64], hiddenSize: Int) {
        self.rows = rows
        self.hiddenSize = hiddenSize
    }

    /// `[rows, hidden]` each, row-major.
    var values: (preferred: [Float], other: [Float]) { (preferred, other) }

    /// The next row's.
    mutating func append(preferred: ArraySlice<Float>, other: ArraySlice<Float>) {
        self.preferred += preferred
        self.other += other
    }

    /// One more row, of which nothing is known yet.
    mutating func append(_ row: UInt64, preferred: ArraySlice<Float>, other: ArraySlice<Float>) {
        rows.append(row)
        append(preferred: preferred, other: other)
    }

    /// Those of some rows, by their places.
    func of(_ places: [Int]) -> PlaceStates {
        var states = PlaceStates(rows: places.map { rows[$0] }, hiddenSize: hiddenSize)
        for place in places { states.append(preferred: self[place].preferred, other: self[place].other) }
        return states
    }

    func differences(_ groups: [Int]) -> PairDifferences {
        var differences = PairDifferences(hiddenSize: hiddenSize)
        for row in rows.indices {
            let (one, two) = self[row]
            differences.append(zip(one, two).map { $0 - $1 }, group: groups[row])
        }
        return differences
    }

    /// What rows come to along a direction of their own each, as a worker computes it.
    func outcomes(_ fit: (_ row: Int) -> FittedDirection) -> [Outcome] {
        rows.indices.map { row in
            let fit = fit(row)
            let (one, two) = self[row]
            let unit = fit.direction.unit
            return Outcome(
                scores: (projection(of: one, on: unit), projection(of: two, on: unit)),
                errors: fit.errors.map { errors in
                    (errors.standardError(of: one), errors.standardError(of: zip(two, one).map { $0 - $1 }))
                })
        }
    }

    /// What rows come to along directions that never saw their folds, with the mean of each fold's scores where the whole's
    /// direction has it: what all states have in common is another number along each direction, and says nothing.
    func outcomes(_ folds: Folds, ofFolds: [FittedDirection], whole: FittedDirection) -> [Outcome] {
        var outcomes = outcomes { ofFolds[folds.assignment[$0]] }
        let unit = whole.direction.unit
        for fold in 0..<folds.count {
            let own = rows.indices.filter { folds.assignment[$0] == fold }
            let shift = own.reduce(0) { sum, row in
                let (one, two) = self[row]
                let scores = outcomes[row].scores
                return sum + projection(of: one, on: unit) + projection(of: two, on: unit) - scores.0 - scores.1
            }
            for row in own { outcomes[row].shift(by: shift / Double(2 * own.count)) }
        }
        // Where one of them says nothing of its errors, no row has any.
        let areKnown = whole.errors != nil && outcomes.allSatisfy { $0.errors != nil }
        return areKnown ? outcomes : outcomes.map(\.withoutErrors)
    }

    /// Of the preferred text and of the other one, `[hidden]` each.
    subscript(row: Int) -> (preferred: ArraySlice<Float>, other: ArraySlice<Float>) {
        let range = row * hiddenSize..<(row + 1) * hiddenSize
        return (preferred[range], other[range])
    }

    struct Outcome {
        /// Of the preferred text, and of the other one.
        private(set) var scores: (Double, Double)

        /// Of the preferred text's score, and of the difference to it; nil where they are not known.
        private(set) var errors: (Double, Double)?

        var margin: Double { scores.0 - scores.1 }

        func inUnit(_ unit: CategoryDirections.Unit) -> Outcome {
            Outcome(scores: (unit.score(scores.0), unit.score(scores.1)), errors: nil)
        }

        var withoutErrors: Outcome { Outcome(scores: scores, errors: nil) }

        fileprivate mutating func shift(by offset: Double) { scores = (scores.0 + offset, scores.1 + offset) }

        /// `[texts, score and error]`, or `[texts, score]`
        var values: Tensor {
            get throws {
                let numbers = errors.map { [scores.0, $0.0, scores.1, $0.1] } ?? [scores.0, scores.1]
                guard numbers.allSatisfy(\.isFinite) else { throw Problem("scores that are not finite: \(numbers)") }
                return Tensor(numbers, shape: [numbers.count])
            }
        }
    }
}
