internal import Foundation
internal import Margins
internal import Safetensors

/// Directions of rows that have one value in a column. All other rows are along the direction of all.
struct CategoryDirections: Hashable, Sendable {
    /// From a projection on a category's direction to a score that is like the others': what all states have in common is
    /// another number along each direction, and so is how far apart they are.
    struct Unit: Hashable, Sendable {
        let scale: Double
        let offset: Double

        static let identity = Unit(scale: 1, offset: 0)

        func score(_ projection: Double) -> Double { scale * projection + offset }
    }

    /// Of the rows.
    let column: String

    /// The column's values, each once.
    let names: [String]

    /// One for each value, and the unit of scores along it.
    let directions: [Direction]
    let units: [Unit]

    static let countMax = 64

    private static let tensorName = "categories"
    private static let columnKey = "categoryColumn"
    private static let namesKey = "categoryNames"
    private static let unitsKey = "categoryUnits"

    /// - Precondition: there is a direction and a unit for each value, and one at least.
    init(column: String, names: [String], directions: [Direction], units: [Unit]) {
        precondition(
            names.count == directions.count && names.count == units.count && !names.isEmpty,
            "a value without a direction")
        (self.column, self.names, self.directions, self.units) = (column, names, directions, units)
    }

    /// Puts them into a direction's file: f32 `[values, hidden]`, and the column, its values and their units as metadata.
    func add(to tensors: inout [String: TensorFile.Tensor], _ metadata: inout [String: String]) throws {
        let vectors = directions.map(\.unit)
        tensors[Self.tensorName] = .init(shape: [vectors.count, vectors[0].count], values: vectors.flatMap(\.self))
        metadata[Self.columnKey] = column
        metadata[Self.namesKey] = String(decoding: try JSONEncoder().encode(names), as: UTF8.self)
        metadata[Self.unitsKey] = String(
            decoding: try JSONEncoder().encode(units.map { [$0.scale, $0.offset] }), as: UTF8.self)
    }

    /// Those of a file; nil where it has none.
    ///
    /// - Throws: `Misfit` or `DirectionError` where they are damaged.
    init?(_ file: TensorFile, hiddenSize: Int) throws {
        guard let tensor = file.tensors[Self.tensorName] else { return nil }
        func decoded<Value: Decodable>(_ key: String) -> Value? {
            file.metadata[key].flatMap { try? JSONDecoder().decode(Value.self, from: Data($0.utf8)) }
        }
        guard let column = file.metadata[Self.columnKey],
            let names: [String] = decoded(Self.namesKey), let units: [[Double]] = decoded(Self.unitsKey),
            (1...Self.countMax).contains(names.count), Set(names).count == names.count, units.count == names.count,
            units.allSatisfy({ $0.count == 2 && $0[0] > 0 && $0.allSatisfy(\.isFinite) }),
            tensor.shape == [names.count, hiddenSize]
        else { throw Misfit(shape: tensor.shape) }
        self.init(
            column: column, names: names,
            directions: try names.indices.map { index in
                let vector = tensor.values[index * hiddenSize..<(index + 1) * hiddenSize]
                return try Direction(difference: vector.map(Double.init))
            }, units: units.map { Unit(scale: $0[0], offset: $0[1]) })
    }

    struct Misfit: Error, CustomStringConvertible {
        let shape: [Int]
        var description: String {
            "expected directions of categories with the column, a name and a unit for each, found numbers \(shape)"
        }
    }
}
