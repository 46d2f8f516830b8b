internal import Foundation
internal import Protocol

/// What the ledger knows of a job besides units and results.
struct JobState: Sendable {
    static let modelName = "model"
    static let directionName = "direction"

    /// The model that the first worker named.
    let model: LoadedModel?

    /// The direction, once it is fitted.
    let direction: SavedDirection?

    init(_ ledger: Ledger) throws {
        model = try ledger.setting(Self.modelName).map { try JSONDecoder().decode(LoadedModel.self, from: Data($0)) }
        direction = try ledger.setting(Self.directionName).map {
            try SavedDirection(serialized: $0, path: "the ledger's direction")
        }
    }

    static func serialized(_ model: LoadedModel) -> [UInt8] {
        guard let data = try? JSONEncoder().encode(model) else { preconditionFailure("strings and integers have JSON") }
        return [UInt8](data)
    }
}
