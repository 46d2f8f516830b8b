internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import JobConfiguration
internal import Protocol

/// What the rows of a file have in one column.
struct RowCategories {
    /// Of each row that has a text, a number, true or false there.
    let names: [UInt64: String]

    /// - Throws: `FileError` where the file cannot be read.
    init(path: String, _ options: DatasetOptions, column: String) throws {
        var names: [UInt64: String] = [:]
        // The names are few, and the rows many: each name is there once.
        var known: Set<String> = []
        var reader = try DatasetReader(path: path, options: options)
        while let record = try reader.next() {
            guard let name = record.original.value(of: column)?.name else { continue }
            names[UInt64(record.index)] = known.insert(name).memberAfterInsert
        }
        self.names = names
    }

    /// Where in `names` each row's own name is; nothing of rows whose name is not there.
    func indices(in names: [String]) -> [UInt64: Int] {
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        return self.names.compactMapValues { places[$0] }
    }
}

/// Which of a direction's categories each row is of.
struct ScoredCategories {
    private let count: Int
    private let indices: [UInt64: Int]

    /// - Parameter all: of the file that the rows are in; nil where the direction knows no categories.
    init(_ directions: CategoryDirections?, _ all: RowCategories?) {
        count = directions?.names.count ?? 0
        indices = directions.flatMap { directions in all?.indices(in: directions.names) } ?? [:]
    }

    /// nil: the row is along the direction of all.
    func category(of row: UInt64) -> Int? { indices[row] }

    /// Where results are of a scorer with the categories' directions, the row's own.
    ///
    /// - Throws: `Problem` for values that are not of two texts.
    func scores(_ values: Tensor, row: UInt64) throws -> RowScores {
        try RowScores(values, row: row, categories: count, category: category(of: row))
    }
}

extension JobDefinition {
    /// What the rows have in the column by which directions are told apart; nil where they are not.
    ///
    /// - Throws: `FileError` where the input cannot be read.
    var categories: RowCategories? { get throws { try configuration.direction.by.map { try categories(in: $0) } } }

    /// - Throws: `FileError` where the input cannot be read.
    func categories(of direction: SavedDirection?) throws -> ScoredCategories {
        let directions = direction?.categories
        return ScoredCategories(directions, try directions.map { try categories(in: $0.column) })
    }

    private func categories(in column: String) throws -> RowCategories {
        try RowCategories(path: configuration.job.input, inputOptions, column: column)
    }

    /// - Throws: `FileError` where none of the input's first rows has that column.
    static func checkCategories(_ column: String, of path: String, _ options: DatasetOptions) throws {
        var reader = try DatasetReader(path: path, options: options)
        for _ in 0..<1000 {
            guard let record = try reader.next() else { break }
            if record.original.value(of: column)?.name != nil { return }
        }
        throw FileError(
            path: path,
            problem:
                "direction.by: expected rows with a text, a number, true or false in the column \(column.quoted), found none"
        )
    }
}
