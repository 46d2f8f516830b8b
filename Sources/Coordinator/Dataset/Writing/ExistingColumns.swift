internal import Diagnostics
package import FileSystem

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

    package init(_ fate: Fate) { self.fate = fate }

    /// - Parameter path: of the input, which is read to its end for names that are free in all rows.
    /// - Throws: `FileError` if the input cannot be read.
    package init(renamedAsFreeIn path: String, options: DatasetOptions) throws(FileError) {
        var renaming = ColumnRenaming()
        var reader = try DatasetReader(path: path, options: options)
        while let record = try reader.next() { renaming.avoid(record.columnNames) }
        self.init(.renamed(renaming))
    }

    /// Which of the row's columns have the name of one that an output may add, in the row's order.
    package func conflicts(in record: DatasetRecord) -> [String] {
        record.columnNames.filter { OutputColumn(named: $0.utf8) != nil }
    }

    /// Why the row cannot be annotated as it is; nil where it can.
    package func problem(with record: DatasetRecord) -> String? {
        guard case .refused = fate else { return nil }
        let names = conflicts(in: record)
        return names.isEmpty ? nil : Self.refusal(of: names)
    }

    /// What a column of the input is called in the output; nil where it is left out.
    @Sendable package func outputName(of name: String) -> String? {
        guard let column = OutputColumn(named: name.utf8) else { return name }
        switch fate {
        // Of a row that is in no output.
        case .refused: return name
        case .renamed(let renaming): return renaming.name(for: column)
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

    /// How many prefixes the file's own columns have before the name of an added one.
    private var taken: [OutputColumn: Set<Int>] = [:]

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
            if prefixes > 0, let column = OutputColumn(named: rest) { taken[column, default: []].insert(prefixes) }
        }
    }

    /// What the input's column of that name is called in the output.
    package func name(for column: OutputColumn) -> String {
        var prefixes = 1
        while taken[column]?.contains(prefixes) == true { prefixes += 1 }
        return String(repeating: Self.prefix, count: prefixes) + column.rawValue
    }
}
