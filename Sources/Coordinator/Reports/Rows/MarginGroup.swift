internal import Dataset
internal import JSON
internal import Margins

/// Margins of some rows: their figures, and how many lie where, against the label and with it.
struct MarginGroup: Hashable, Sendable {
    private(set) var statistics = MarginStatistics()

    /// Of the raw margins: a margin that is 0 by its unit has a sign there.
    private var raw = MarginStatistics()
    private(set) var contradicting: Histogram
    private(set) var others: Histogram

    init(_ scale: MarginScale) {
        contradicting = scale.histogram
        others = scale.histogram
    }

    mutating func add(_ row: AnnotatedRow) {
        statistics.add(row.margin)
        raw.add(row.rawMargin)
        if row.rawMargin < 0 { contradicting.add(row.margin) } else { others.add(row.margin) }
    }

    /// How often the chosen response has the higher score; equal scores count half.
    var agreement: Double { raw.agreement }

    /// Its bounds of 95 %, if rows are independent.
    var agreementInterval: (low: Double, high: Double) { raw.agreementInterval }
}

extension MarginStatistics {
    /// How many are above 0; those that are 0 count half.
    var agreement: Double {
        count == 0 ? 0.5 : (Double(positiveCount) + 0.5 * Double(count - positiveCount - negativeCount)) / Double(count)
    }

    /// Wilson's, 95 %, if they are independent.
    var agreementInterval: (low: Double, high: Double) {
        count == 0 ? (0, 1) : HeldOutAccuracy.wilson(share: agreement, count: Double(count))
    }
}

/// Bins of equal width for margins, with an edge at 0.
struct MarginScale: Hashable, Sendable {
    let histogram: Histogram

    /// Whether margins lie beyond, which the outermost bins count.
    let isCut: Bool

    private static let binsMax = 36

    /// Margins farther from the mean are in the outermost bins, else one would make the others' bins a single one.
    private static let deviationsMax = 5.0

    init(_ statistics: MarginStatistics) {
        // Widths of the largest numbers must be finite, too.
        let limit = Double.greatestFiniteMagnitude / 16
        let reach = Self.deviationsMax * statistics.standardDeviation
        let low = max(statistics.minimum, reach.isFinite ? statistics.mean - reach : -limit, -limit)
        let high = min(statistics.maximum, reach.isFinite ? statistics.mean + reach : limit, limit)
        guard statistics.count > 0, low < high else {
            let middle = statistics.count > 0 ? min(max(statistics.mean, -limit), limit) : 0
            histogram = Histogram(range: (middle - 0.5)...(middle + 0.5), binCount: 1)
            isCut = false
            return
        }
        let step = Axis.step(of: high - low, parts: Self.binsMax)
        let start = Axis.multiple(of: step, below: low)
        let count = min(max(Int(((high - start) / step).rounded(.up)), 1), Self.binsMax + 2)
        histogram = Histogram(range: start...(start + Double(count) * step), binCount: count)
        isCut = statistics.minimum < start || statistics.maximum > start + Double(count) * step
    }
}

/// Margins by what the rows have in one column.
struct GroupedMargins: Sendable {
    let grouping: ColumnSurvey.Grouping

    /// With the names of their groups, in order; none is empty.
    var groups: [(name: String, margins: MarginGroup)] {
        zip(names, counted).filter { $0.1.statistics.count > 0 }.map { ($0, $1) }
    }

    private var names: [String] = []
    private var indices: [String: Int] = [:]
    private var counted: [MarginGroup] = []

    static let othersName = "(others)"

    init(_ grouping: ColumnSurvey.Grouping, _ scale: MarginScale) {
        self.grouping = grouping
        switch grouping.kind {
        case .values(let values):
            names = values + [Self.othersName]
            indices = Dictionary(zip(values, values.indices)) { first, _ in first }
        case .ranges(let bins):
            let texts = bins.edges.map(\.figure)
            names = zip([nil] + texts, texts + [nil]).map { low, high in
                switch (low, high) {
                case (let low?, let high?): "\(low) to below \(high)"
                case (nil, let high?): "below \(high)"
                case (let low?, nil): "\(low) and above"
                case (nil, nil): "all numbers"
                }
            }
            names.append("(no number)")
        }
        counted = names.map { _ in MarginGroup(scale) }
    }

    /// Rows without the column are in no group.
    mutating func add(_ row: AnnotatedRow) {
        guard let value = row.object.value(of: grouping.column) else { return }
        switch grouping.kind {
        case .values: counted[indices[value.groupName] ?? counted.count - 1].add(row)
        case .ranges(let bins):
            let number = value.number.flatMap { $0.isNaN ? nil : $0 }
            counted[number.map(bins.bin) ?? counted.count - 1].add(row)
        }
    }
}
