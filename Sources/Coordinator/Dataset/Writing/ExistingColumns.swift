internal import Diagnostics
package import FileSystem
internal import JSON

/// What becomes of columns of the input that have the name of one that an output may add: decided for the whole file, so
/// that all of its rows have the same columns afterwards. A job may add other ones than an earlier job did, whose columns
/// nobody is to take for its own.
package struct ExistingColumns: Hashable, Sendable {
    package enum Fate: Hashable, Sendable {
        /// A row that has one is not annotated.
        case refused
        case renamed(ColumnRenaming)
        case replaced
    }

    package let fate: Fate

    /// What pairs are made of, whose columns the output adds, too; nil where a row is one pair.
    let ranking: RankedColumns?

    package init(_ fate: Fate, ranking: RankedColumns? = nil) {
        self.fate = fate
        self.ranking = ranking
    }

    /// - Parameter path: of the input, which is read to its end for names that are free in all rows.
    /// - Throws: `FileError` if the input cannot be read.
    package init(renamedAsFreeIn path: String, options: DatasetOptions) throws(FileError) {
        var renaming = ColumnRenaming()
        var reader = try DatasetReader(path: path, options: options)
        while let record = try reader.next() { renaming.avoid(record.columnNames) }
        self.init(.renamed(renaming), ranking: reader.ranking)
    }

    /// Columns of the input that are in no output, whatever else is in one.
    private func isLeftOut(_ name: String) -> Bool {
        ranking?.leftOut.contains { $0.utf8.elementsEqual(name.utf8) } ?? false
    }

    /// Whether the output may add a column of exactly that name.
    private func isAdded(_ name: String) -> Bool {
        OutputColumn(named: name.utf8) != nil
            || ranking != nil && PairColumn.allCases.contains { $0.rawValue.utf8.elementsEqual(name.utf8) }
    }

    /// Which of the row's columns have the name of one that an output may add, in the row's order.
    package func conflicts(in record: DatasetRecord) -> [String] {
        record.columnNames.filter { isAdded($0) && !isLeftOut($0) }
    }

    /// Why the row cannot be annotated as it is; nil where it can.
    package func problem(with record: DatasetRecord) -> String? {
        guard case .refused = fate else { return nil }
        let names = conflicts(in: record)
        return names.isEmpty ? nil : Self.refusal(of: names)
    }

    /// What a column of the input is called in the output; nil where it is left out.
    @Sendable package func outputName(of name: String) -> String? {
        if isLeftOut(name) { return nil }
        guard isAdded(name) else { return name }
        switch fate {
        // Of a row that is in no output.
        case .refused: return name
        case .renamed(let renaming): return renaming.name(for: name)
        case .replaced: return nil
        }
    }

    package static func refusal(of names: [String]) -> String {
        """
        it has \(names.map(\.quoted).joined(separator: ", ")) already, which outputs add; set \
        dataset.existing_columns to rename (it is kept as "original_\(names[0].excerpt())") or replace
        """
    }
}

/// The names under which columns are kept that have the name of an added one: `original_<name>`, or with as many more
/// `original_` as it takes for no row of the file to have that name already.
package struct ColumnRenaming: Hashable, Sendable {
    private static let prefix = "original_"

    /// How many prefixes the file's own columns have before the name of one that outputs may add.
    private var taken: [ExactName: Set<Int>] = [:]
    private static let names = Set(
        (OutputColumn.allCases.map(\.rawValue) + PairColumn.allCases.map(\.rawValue)).map(ExactName.init))

    package init() {}

    /// Takes the names of one row's columns into account.
    package mutating func avoid(_ names: [String]) {
        for name in names {
            var rest = name.utf8[...]
            var prefixes = 0
            while rest.starts(with: Self.prefix.utf8) {
                rest = rest.dropFirst(Self.prefix.utf8.count)
                prefixes += 1
            }
            let added = ExactName(String(rest) ?? "")
            if prefixes > 0, Self.names.contains(added) { taken[added, default: []].insert(prefixes) }
        }
    }

    /// What the input's column of that name is called in the output.
    package func name(for column: String) -> String {
        var prefixes = 1
        while taken[ExactName(column)]?.contains(prefixes) == true { prefixes += 1 }
        return String(repeating: Self.prefix, count: prefixes) + column
    }
}
