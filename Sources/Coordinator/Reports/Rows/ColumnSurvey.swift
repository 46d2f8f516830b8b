internal import Dataset
internal import JSON
internal import Margins

/// By which columns a file's rows make groups: found while the rows go by, in memory that does not grow with them.
struct ColumnSurvey: Sendable {
    /// The rows of a group have one value in a column, or numbers of one range.
    struct Grouping: Hashable, Sendable {
        enum Kind: Hashable, Sendable {
            /// In their order; rows with another value make a group of their own.
            case values([String])
            case ranges(MarginBins)
        }

        var column: String
        var kind: Kind
    }

    /// Columns with as many different values make groups without being asked for.
    static let valuesOfFound = 2...12

    /// Of a column that is asked for.
    static let valuesOfNamedMax = 24
    private static let rangesOfNamed = 8

    /// Of each value, on average: a column of which each row has its own value makes no groups.
    private static let rowsOfValueMin = 2

    /// A longer value is a text, and no name of a group.
    private static let valueBytesMax = 64

    /// Columns beyond these are not looked at.
    private static let columnsMax = 256
    private static let foundMax = 8
    private static let texts: Set = ["prompt", "chosen", "rejected"]

    fileprivate struct Column: Sendable {
        var values: [String] = []
        var known: Set<String> = []
        var rows = 0

        /// Of a column that is not asked for: it has too many values, or values of another kind.
        var isDropped = false
        var hasMore = false
        var numbers: NumberSample? = NumberSample()
    }

    private var columns: [String: Column] = [:]

    /// In the order in which they were met.
    private var names: [String] = []
    private let named: [String]

    /// - Parameter named: columns that are asked for; without any, all are looked at.
    init(named: [String]) {
        self.named = named.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
        names = self.named
        for name in names { columns[name] = Column() }
    }

    mutating func add(_ object: JSONObject) {
        guard named.isEmpty else {
            for name in named { if let value = object.value(of: name) { columns[name]?.addNamed(value) } }
            return
        }
        for member in object.members {
            if columns[member.key] == nil {
                guard names.count < Self.columnsMax, !Self.texts.contains(member.key),
                    OutputColumn(rawValue: member.key) == nil
                else { continue }
                names.append(member.key)
                columns[member.key] = Column()
            }
            guard columns[member.key]?.isDropped == false, let value = object.value(of: member.key) else { continue }
            columns[member.key]?.addFound(value)
        }
    }

    /// Columns that were asked for and that no row has.
    var missing: [String] { named.filter { columns[$0]?.rows == 0 } }

    /// In the order of the columns in the file, or that they were asked for in.
    var groupings: [Grouping] {
        let all = names.compactMap { name in
            columns[name]?.kind(isNamed: !named.isEmpty).map { Grouping(column: name, kind: $0) }
        }
        return named.isEmpty ? Array(all.prefix(Self.foundMax)) : all
    }
}

extension ColumnSurvey.Column {
    fileprivate mutating func addFound(_ value: JSONValue) {
        rows += 1
        guard value.kind != .array, value.kind != .object, value.range.count <= ColumnSurvey.valueBytesMax else {
            isDropped = true
            values = []
            known = []
            return
        }
        add(value.text, valuesMax: ColumnSurvey.valuesOfFound.upperBound)
        if hasMore {
            isDropped = true
            values = []
            known = []
        }
    }

    fileprivate mutating func addNamed(_ value: JSONValue) {
        rows += 1
        if let number = value.number, number.isFinite {
            numbers?.add(number)
        } else if value.kind != .null {
            numbers = nil
        }
        add(value.groupName, valuesMax: ColumnSurvey.valuesOfNamedMax)
    }

    private mutating func add(_ text: String, valuesMax: Int) {
        guard !known.contains(text) else { return }
        guard values.count < valuesMax else {
            hasMore = true
            return
        }
        values.append(text)
        known.insert(text)
    }

    fileprivate func kind(isNamed: Bool) -> ColumnSurvey.Grouping.Kind? {
        guard !isNamed else {
            guard rows > 0 else { return nil }
            if hasMore, let ranges = numbers?.ranges(ColumnSurvey.rangesOfNamed) { return .ranges(ranges) }
            return .values(values.sortedAsValues)
        }
        guard !isDropped, ColumnSurvey.valuesOfFound.contains(values.count),
            rows >= values.count * ColumnSurvey.rowsOfValueMin
        else { return nil }
        return .values(values.sortedAsValues)
    }
}

extension JSONValue {
    /// What a group of rows with this value is called: a long text by its beginning.
    var groupName: String { String(text.unicodeScalars.prefix(200)) }
}

/// Some of a stream of numbers, evenly over it: each, then every second, every fourth, as their number grows.
struct NumberSample: Hashable, Sendable {
    private static let limit = 4096

    private var numbers: [Double] = []
    private var stride = 1
    private var count = 0

    mutating func add(_ number: Double) {
        if count.isMultiple(of: stride) { numbers.append(number) }
        count += 1
        guard numbers.count > Self.limit else { return }
        numbers = numbers.enumerated().filter { $0.offset.isMultiple(of: 2) }.map(\.element)
        stride *= 2
    }

    /// With about as many numbers in each; nil without numbers.
    func ranges(_ count: Int) -> MarginBins? { MarginBins(quantiles: count, of: numbers) }
}
