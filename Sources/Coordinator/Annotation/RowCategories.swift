internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import JobConfiguration
internal import Protocol
internal import Reports

extension DatasetRecord {
    /// What the row has in a column, where rows with it may be a category: a text, a number, true or false.
    fileprivate func category(in column: String) -> String? {
        original.value(of: column)?.name.flatMap { $0.utf8.count <= RowCategories.nameBytesMax ? $0 : nil }
    }
}

/// Which of a direction's categories each row is of, and what it scores there.
struct RowCategories: Sendable {
    /// A longer text is no name of a category.
    static let nameBytesMax = 256

    private let directions: CategoryDirections?
    private var indices: [UInt64: Int] = [:]

    /// - Parameter directions: nil where all rows are along one direction.
    /// - Throws: `FileError` where the file cannot be read.
    init(_ directions: CategoryDirections?, path: String, _ options: DatasetOptions) throws {
        self.directions = directions
        guard let directions else { return }
        let places = Dictionary(uniqueKeysWithValues: directions.names.enumerated().map { ($1, $0) })
        var reader = try DatasetReader(path: path, options: options)
        while let record = try reader.next() {
            indices[UInt64(record.index)] = record.category(in: directions.column).flatMap { places[$0] }
        }
    }

    /// nil where all rows are along one direction.
    func ofRows(_ rows: [UInt64]) -> [Int?]? { directions == nil ? nil : rows.map(category) }

    /// nil: the row is along the direction of all.
    func category(of row: UInt64) -> Int? { indices[row] }

    /// Where results are of a scorer with the categories' directions, the row's own.
    ///
    /// - Throws: `Problem` for values that are not of two texts.
    func scores(_ values: Tensor, row: UInt64) throws -> RowScores {
        try RowScores(values, row: row, directions, category: category(of: row))
    }

    /// What is odd about some rows' categories; nil where nothing is.
    func warning(of rows: [UInt64]) -> String? {
        guard let directions, !rows.isEmpty, !rows.contains(where: { category(of: $0) != nil }) else { return nil }
        return """
            no row has one of the values in the column \(directions.column.quoted) that have a direction of their own \
            (\(directions.names.listed)): all are along the direction of all, which rows of several categories had
            """
    }

    /// How many of some rows are along each direction, that of all the last; nil where there is one direction.
    func counts(of rows: [UInt64]) -> [TrustFigures.DirectionRows]? {
        guard let directions else { return nil }
        var counts: [Int?: Int] = [:]
        for row in rows { counts[category(of: row), default: 0] += 1 }
        return directions.names.enumerated().map { .init(name: $1, rows: counts[$0] ?? 0) }
            + [.init(name: nil, rows: counts[nil] ?? 0)]
    }
}

extension JobDefinition {
    /// - Parameter direction: nil where no row has scores.
    /// - Throws: `FileError` where the input cannot be read.
    func categories(of direction: SavedDirection?) throws -> RowCategories {
        try RowCategories(direction?.categories, path: configuration.job.input, inputOptions)
    }

    /// What some of the input's rows have in the column by which directions are told apart; nil where they are not.
    ///
    /// - Throws: `FileError` where the input cannot be read.
    func categoryNames(of rows: [UInt64]) throws -> [String?]? {
        guard let column = configuration.direction.by else { return nil }
        let wanted = Set(rows)
        var names: [UInt64: String] = [:]
        var reader = try DatasetReader(path: configuration.job.input, options: inputOptions)
        while names.count < wanted.count, let record = try reader.next() {
            guard wanted.contains(UInt64(record.index)) else { continue }
            names[UInt64(record.index)] = record.category(in: column)
        }
        return rows.map { names[$0] }
    }

    /// - Parameter key: who names the column.
    /// - Throws: `FileError` where no row has a category there.
    static func checkCategories(_ column: String, of path: String, _ options: DatasetOptions, key: String) throws {
        var reader = try DatasetReader(path: path, options: options)
        while let record = try reader.next() { if record.category(in: column) != nil { return } }
        throw FileError(
            path: path,
            problem: """
                \(key): expected rows with a text of at most \(RowCategories.nameBytesMax) bytes, a number, true or false in the column \
                \(column.quoted), found none
                """)
    }
}
