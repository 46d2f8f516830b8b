internal import Diagnostics
import Margins
import Protocol
import Safetensors
import Testing

@testable import Coordinator

@Suite struct SavedDirectionTests {
    private func saved(layer: Int, layerCount: Int) throws -> SavedDirection {
        SavedDirection(
            direction: try Direction(difference: [3, -4]),
            provenance: .init(
                model: "m", modelSHA256: String(repeating: "0a", count: 32), tokenizer: "gpt2", template: "alpaca",
                compatibility: .none,
                layer: layer,
                layerCount: layerCount, token: .lastToken, precision: .f32, numericBuild: "n", anchorsSHA256: "1b",
                anchorPairs: 10, software: "0.1.0"))
    }

    @Test func aDirectionIsReadAsItWasSaved() throws {
        let direction = try saved(layer: 2, layerCount: 2)
        #expect(try SavedDirection(serialized: direction.serialized(), path: "d") == direction)
    }

    @Test func theModelsArchitectureIsSavedWhereItIsKnown() throws {
        var direction = try saved(layer: 2, layerCount: 2)
        #expect(try TensorFile(serialized: direction.serialized()).metadata["architecture"] == nil)
        direction.provenance.architecture = "qwen3moe"
        #expect(try TensorFile(serialized: direction.serialized()).metadata["architecture"] == "qwen3moe")
        #expect(try SavedDirection(serialized: direction.serialized(), path: "d") == direction)
    }

    @Test func whatHeldOutAnchorsSaidIsReadAsItWasSaved() throws {
        var direction = try saved(layer: 2, layerCount: 2)
        direction.heldOut = HeldOutAccuracy(pairs: 72, groups: 70, right: 61, low: 0.1 + 0.2, high: 1 - 0.1 / 3)
        #expect(direction.heldOut != nil)
        // In an order that does not change from run to run.
        let metadata = try TensorFile(serialized: direction.serialized()).metadata
        #expect(metadata["heldOut"]?.hasPrefix(#"{"groups":70,"high":"#) == true)
        #expect(try SavedDirection(serialized: direction.serialized(), path: "d") == direction)
    }

    private func withCategories() throws -> SavedDirection {
        var direction = try saved(layer: 2, layerCount: 2)
        direction.categories = CategoryDirections(
            column: "area", names: ["a, b", "c"],
            directions: [try Direction(difference: [1, 0]), try Direction(difference: [0, 1])],
            units: [.init(scale: 0.1 + 0.2, offset: -1e-9), .init(scale: 7, offset: 0)])
        return direction
    }

    @Test func directionsOfCategoriesAreReadAsTheyWereSaved() throws {
        let direction = try withCategories()
        #expect(try SavedDirection(serialized: direction.serialized(), path: "d") == direction)
        let part = direction.scorer.parts[0]
        #expect(try part.directions.floats() == [0.6, -0.8, 1, 0, 0, 1] && part.errors == nil)
    }

    @Test(
        arguments: [
            ("categoryNames", #"["a"]"#), ("categoryNames", #"["a","a"]"#), ("categoryNames", "a"),
            ("categoryNames", nil),
            ("categoryColumn", nil), ("categoryUnits", "[[1,0],[0,0]]"), ("categoryUnits", "[[1,0]]"),
            ("categoryUnits", "[[1],[1]]"), ("categoryUnits", nil),
        ] as [(String, String?)])
    func categoriesThatDoNotFitTheirDirectionsAreRefused(_ key: String, _ text: String?) throws {
        var file = try TensorFile(serialized: withCategories().serialized())
        file.metadata[key] = text
        let bytes = try file.serialized()
        let error = #expect(throws: Problem.self) { try SavedDirection(serialized: bytes, path: "d") }
        #expect(
            error?.description
                == "d: expected directions of categories with the column, a name and a unit for each, found numbers [2, 2]"
        )
    }

    @Test(arguments: [
        "", "{}", #"{"pairs":3,"groups":2,"right":4,"low":0,"high":1}"#,
        #"{"pairs":3,"groups":2,"right":1,"low":-1,"high":1}"#, #"{"pairs":0,"groups":0,"right":0,"low":0,"high":0}"#,
    ])
    func countsThatCannotBeAreRefused(_ text: String) throws {
        var file = try TensorFile(serialized: saved(layer: 2, layerCount: 2).serialized())
        file.metadata["heldOut"] = text
        let bytes = try file.serialized()
        let error = #expect(throws: Problem.self) { try SavedDirection(serialized: bytes, path: "d") }
        #expect(error?.description.hasPrefix("d: expected heldOut to be the counts") == true)
    }

    @Test func aPersonReadsTheShareTheNumberOfPairsAndTheInterval() throws {
        var direction = try saved(layer: 2, layerCount: 2)
        #expect(direction.heldOutText == nil && direction.heldOutWarning == nil)
        direction.heldOut = HeldOutAccuracy(pairs: 40, groups: 40, right: 30, low: 0.598, high: 0.858)
        #expect(
            direction.heldOutText == """
                75.0 % of 40 anchor pairs on the right side of a direction fitted without them (95 % interval: 59.8 % \
                to 85.8 %)
                """)
        #expect(direction.heldOutWarning == nil)
        direction.heldOut = HeldOutAccuracy(pairs: 40, groups: 10, right: 29, low: 0.5, high: 0.9)
        #expect(direction.heldOutText?.contains("fitted without their prompt (of 10)") == true)
        #expect(direction.heldOutWarning?.contains("(72.5 % of 40 pairs; expected at least 75.0 %)") == true)
    }

    @Test func aDirectionOfOnePairSaysThatNothingCanBeMeasured() throws {
        var direction = try saved(layer: 2, layerCount: 2)
        direction.provenance.anchorPairs = 1
        #expect(direction.heldOutText?.contains("not measurable") == true)
    }

    /// Workers take it for a file's name.
    @Test(arguments: ["", "0a", String(repeating: "0A", count: 32), String(repeating: "/", count: 64)])
    func aModelsDigestThatIsNoneIsRefused(_ digest: String) throws {
        var direction = try saved(layer: 2, layerCount: 2)
        direction.provenance.modelSHA256 = digest
        let bytes = try direction.serialized()
        let error = #expect(throws: Problem.self) { try SavedDirection(serialized: bytes, path: "d") }
        #expect(error?.description.contains("expected modelSHA256 to be 64") == true)
    }

    @Test(arguments: [("token", "first"), ("precision", "fp8"), ("compatibility", "")])
    func aChoiceThatIsNoneIsRefusedWithTheChoices(_ key: String, _ name: String) throws {
        var file = try TensorFile(serialized: saved(layer: 2, layerCount: 2).serialized())
        file.metadata[key] = name
        let bytes = try file.serialized()
        let error = #expect(throws: Problem.self) { try SavedDirection(serialized: bytes, path: "d") }
        #expect(error?.description.hasPrefix("d: its provenance: expected one of ") == true)
        #expect(error?.description.hasSuffix("found \"\(name)\"") == true)
    }

    /// The largest number of layers overflows when one is counted from the last.
    @Test(arguments: [(0, -1), (-1, 2), (3, 2), (0, .max), (.max, .max)] as [(Int, Int)])
    func aLayerThatNoModelHasIsRefused(_ layer: Int, _ layerCount: Int) throws {
        let bytes = try saved(layer: layer, layerCount: layerCount).serialized()
        let error = #expect(throws: Problem.self) { try SavedDirection(serialized: bytes, path: "d") }
        #expect(error?.description == "d: it is of layer \(layer) of a model with \(layerCount) layers")
    }
}
