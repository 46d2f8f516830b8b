import Margins
import Testing

@testable import Coordinator

@Suite struct SavedDirectionTests {
    private func saved(layer: Int, layerCount: Int) throws -> SavedDirection {
        SavedDirection(
            direction: try Direction(difference: [3, -4]),
            provenance: .init(
                model: "m", modelSHA256: String(repeating: "0a", count: 32), tokenizer: "gpt2", template: "alpaca",
                compatibility: "none",
                layer: layer,
                layerCount: layerCount, token: "last", precision: "f32", numericBuild: "n", anchorsSHA256: "1b",
                anchorPairs: 10, software: "0.1.0"))
    }

    @Test func aDirectionIsReadAsItWasSaved() throws {
        let direction = try saved(layer: 2, layerCount: 2)
        #expect(try SavedDirection(serialized: direction.serialized(), path: "d") == direction)
    }

    /// Workers take it for a file's name.
    @Test(arguments: ["", "0a", String(repeating: "0A", count: 32), String(repeating: "/", count: 64)])
    func aModelsDigestThatIsNoneIsRefused(_ digest: String) throws {
        var direction = try saved(layer: 2, layerCount: 2)
        direction.provenance.modelSHA256 = digest
        let bytes = try direction.serialized()
        let error = #expect(throws: SavedDirectionError.self) { try SavedDirection(serialized: bytes, path: "d") }
        #expect(error?.description.contains("expected modelSHA256 to be 64") == true)
    }

    /// The largest number of layers overflows when one is counted from the last.
    @Test(arguments: [(0, -1), (-1, 2), (3, 2), (0, .max), (.max, .max)] as [(Int, Int)])
    func aLayerThatNoModelHasIsRefused(_ layer: Int, _ layerCount: Int) throws {
        let bytes = try saved(layer: layer, layerCount: layerCount).serialized()
        let error = #expect(throws: SavedDirectionError.self) { try SavedDirection(serialized: bytes, path: "d") }
        #expect(error?.description == "d: it is of layer \(layer) of a model with \(layerCount) layers")
    }
}
