internal import Foundation
internal import Margins
internal import Safetensors

/// Directions of rows that have one value in a column. All other rows are along the direction of all.
struct CategoryDirections: Hashable, Sendable {
    /// Of the rows.
    let column: String

    /// The column's values, each once.
    let names: [String]

    /// One for each value.
    let directions: [Direction]

    static let countMax = 64

    private static let tensorName = "categories"
    private static let columnKey = "categoryColumn"
    private static let namesKey = "categoryNames"

    /// - Precondition: there is a direction for each value, and one at least.
    init(column: String, names: [String], directions: [Direction]) {
        precondition(names.count == directions.count && !names.isEmpty, "a value without a direction")
        (self.column, self.names, self.directions) = (column, names, directions)
    }

    /// Puts them into a direction's file: f32 `[values, hidden]`, and the column and its values as metadata.
    func add(to tensors: inout [String: TensorFile.Tensor], _ metadata: inout [String: String]) throws {
        let units = directions.map(\.unit)
        tensors[Self.tensorName] = .init(shape: [units.count, units[0].count], values: units.flatMap(\.self))
        metadata[Self.columnKey] = column
        metadata[Self.namesKey] = String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
    }

    /// Those of a file; nil where it has none.
    ///
    /// - Throws: `Misfit` or `DirectionError` where they are damaged.
    init?(_ file: TensorFile, hiddenSize: Int) throws {
        guard let tensor = file.tensors[Self.tensorName] else { return nil }
        guard let column = file.metadata[Self.columnKey],
            let names = try? JSONDecoder().decode([String].self, from: Data((file.metadata[Self.namesKey] ?? "").utf8)),
            (1...Self.countMax).contains(names.count), Set(names).count == names.count,
            tensor.shape == [names.count, hiddenSize]
        else { throw Misfit(shape: tensor.shape) }
        self.init(
            column: column, names: names,
            directions: try names.indices.map { index in
                let unit = tensor.values[index * hiddenSize..<(index + 1) * hiddenSize]
                return try Direction(difference: unit.map(Double.init))
            })
    }

    struct Misfit: Error, CustomStringConvertible {
        let shape: [Int]
        var description: String {
            "expected directions of categories with the column and a name for each, found numbers \(shape)"
        }
    }
}
