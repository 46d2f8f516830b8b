import Dataset
import DatasetFixtures
import Diagnostics
import Foundation
import JobConfiguration
import Margins
import ModelFiles
import Protocol
import Reports
import Testing

@testable import Coordinator

/// Directions as llama.cpp takes them, and what is exported of which source.
@Suite struct ControlVectorTests {
    private let folder: DatasetFolder

    init() throws { folder = try DatasetFolder() }

    private func saved(layer: Int, layerCount: Int = 30) throws -> SavedDirection {
        SavedDirection(
            direction: try Direction(difference: [3, -4]),
            provenance: .init(
                model: "m", modelSHA256: String(repeating: "0a", count: 32), tokenizer: "gpt2", template: "alpaca",
                compatibility: .none, layer: layer, layerCount: layerCount, token: .lastToken, precision: .f32,
                numericBuild: "n", anchorsSHA256: "1b", anchorPairs: 10, software: "0.1.0"))
    }

    @Test(arguments: [2, 21, 29])
    func theVectorIsBehindTheBlockThatLeavesTheLayer(_ layer: Int) throws {
        let vector = try ControlVector(saved(layer: layer), length: 10, path: "d")
        #expect(vector.block == layer - 1 && vector.values == [6, -8])
        let path = folder.path("v.gguf")
        try Data(vector.serialized).write(to: URL(filePath: path))
        let file = try GGUFFile(path: path)
        #expect(try file.metadata.string("general.architecture") == "controlvector")
        #expect(try file.metadata.unsigned("legend.layer") == layer)
        let tensor = try file.tensor("direction.\(layer - 1)", shape: [2])
        #expect(tensor.type == .f32)
    }

    /// One that is not known is not guessed.
    @Test(arguments: ["gemma3", nil])
    func theHintIsTheArchitectureOfTheModel(_ architecture: String?) throws {
        var saved = try saved(layer: 3)
        saved.provenance.architecture = architecture
        let path = folder.path("v.gguf")
        try Data(ControlVector(saved, length: 1, path: "d").serialized).write(to: URL(filePath: path))
        #expect(try GGUFFile(path: path).metadata.stringIfPresent("controlvector.model_hint") == architecture)
    }

    @Test(arguments: [0, 1, 30])
    func aLayerThatNothingIsAddedToIsRefused(_ layer: Int) throws {
        let problem = #expect(throws: Problem.self) {
            try ControlVector(saved(layer: layer), length: 1, path: "d.safetensors")
        }
        #expect(problem?.description.contains("Expected a layer of 2 to 29") == true)
        #expect(problem?.isOfConfiguration == true)
    }

    private func source(rawMargins: [Double], flipped: Int? = nil) throws -> ExportSource {
        let rows = rawMargins.enumerated().map { index, margin in
            let isFlipped = index == flipped
            let mark = isFlipped ? #", "margin_flipped": true"# : ""
            return
                #"{"prompt": "a", "chosen": "b", "rejected": "c", "margin": 1, "margin_raw": \#(isFlipped ? -margin : margin)\#(mark)}"#
        }
        try folder.write(rows.joined(separator: "\n"), to: "a.jsonl")
        return try ExportSource(folder.path("a.jsonl"), overrides: [])
    }

    private func length(_ source: ExportSource, _ saved: SavedDirection? = nil) throws -> Double {
        let found = try source.rows.map(AnnotatedMargins.init(ofFile:))
        return try source.typicalLength(of: saved ?? self.saved(layer: 3), found)
    }

    @Test func itsLengthIsWhatResponsesDifferByAsLabelled() throws {
        #expect(try length(source(rawMargins: [5, 4, 3, 4, 5, -1, 4, 4], flipped: 5)) == 3.5)
    }

    /// Of rows that say nothing of it, a direction would get either sign.
    @Test(arguments: [[5, -4, 1, -2], [-3, -3.5, -4], [0, 0, 0], [5]])
    func aDirectionThatSaysNothingOfTheRowsHasNoLength(_ rawMargins: [Double]) throws {
        let problem = #expect(throws: Problem.self) { try length(source(rawMargins: rawMargins)) }
        #expect(problem?.description.contains("beyond chance") == true)
        #expect(problem?.description.hasSuffix("--length exports it all the same") == true)
    }

    @Test func aDirectionAloneHasNoLength() throws {
        try folder.write("", to: "a.direction.safetensors")
        #expect(throws: Problem.self) {
            try length(ExportSource(folder.path("a.direction.safetensors"), overrides: []))
        }
    }

    @Test func aDirectionThatOthersScoredTheRowsWithHasNoLength() throws {
        var saved = try saved(layer: 3)
        saved.categories = CategoryDirections(
            column: "area", names: ["a"], directions: [try Direction(difference: [1, 0])],
            units: [.init(scale: 1, offset: 0)])
        let source = try source(rawMargins: [5, 4, 3, 4])
        let problem = #expect(throws: Problem.self) { try length(source, saved) }
        #expect(problem?.description.contains("directions by category") == true)
    }

    private func trust(layer: Int = 3, pairs: Int = 10, dropped: Int = 0) throws -> TrustFigures {
        var run = TrustFigures.Run(
            job: "j", input: folder.path("rows.jsonl"), output: "", software: "0", source: "own", anchorFiles: [],
            pairs: pairs, estimator: "ridge", model: "m", modelSha256: String(repeating: "0a", count: 32),
            template: "alpaca",
            compatibility: "none", precision: "f32", numericBuild: "n", layer: layer, layerCount: 30, token: "last",
            placeReason: "")
        run.rows = 4 + dropped
        run.droppedRows = dropped
        return TrustFigures(run: run)
    }

    @Test(arguments: [
        (4, 10, 0, "its layer is 3, and the rows' is 4"), (3, 9, 0, "its pairs is 10"), (3, 10, 2, "dropped"),
    ])
    func whatTheJobSaysOfItsDirectionAndRowsIsHeld(
        _ layer: Int, _ pairs: Int, _ dropped: Int, _ reason: String
    ) throws {
        _ = try source(rawMargins: [5, 4, 3, 4])
        try folder.write(trust().serialized, to: "a.trust.json")
        #expect(try length(ExportSource(folder.path("a.jsonl"), overrides: [])) == 4)
        try folder.write(trust(layer: layer, pairs: pairs, dropped: dropped).serialized, to: "a.trust.json")
        let problem = #expect(throws: Problem.self) {
            try length(ExportSource(folder.path("a.jsonl"), overrides: []))
        }
        #expect(problem?.description.contains(reason) == true)
    }

    @Test(arguments: [1e-50, 1e39])
    func aLengthThatNoNumberOfTheFileHasIsRefused(_ length: Double) throws {
        #expect(throws: Problem.self) { try ControlVector(saved(layer: 3), length: length, path: "d") }
    }

    // MARK: Sources

    @Test func aConfigurationSaysWhereAndHow() throws {
        let yaml = """
            job: {input: rows.jsonl, output: out.jsonl.gz}
            dataset: {columns: {prompt: q, chosen: good, rejected: bad}}
            model: {path: none.gguf}
            """
        try folder.write(yaml, to: "my.yaml")
        try folder.write(#"{"q": "a", "good": "b", "bad": "c"}"#, to: "rows.jsonl")
        let missing = #expect(throws: Problem.self) { try ExportSource(folder.path("my.yaml"), overrides: []) }
        #expect(missing?.description.contains("out.jsonl.gz: no such file, the output of ") == true)
        try folder.write("", to: "out.jsonl.gz")
        let source = try ExportSource(folder.path("my.yaml"), overrides: ["job.name=x"])
        #expect(source.rows == folder.path("out.jsonl.gz"))
        #expect(source.direction == folder.path("out.direction.safetensors"))
        #expect(source.options.columns?.prompt == "q" && source.options.columns?.other == "bad")
        #expect(source.usualOutput(.odpo) == folder.path("out.odpo.jsonl"))
        #expect(source.usualOutput(.controlVector) == folder.path("out.control-vector.gguf"))
        for name in ["rows.jsonl", "out.jsonl.gz", "my.yaml", "out.trust.json", "out.heads.safetensors", "none.gguf"] {
            #expect(throws: ConfigurationError.self, "\(name)") {
                try source.check(writing: folder.path(name), errors: nil)
            }
        }
        #expect(throws: ConfigurationError.self) {
            try source.check(writing: folder.path("x.jsonl"), errors: folder.path("out.errors.jsonl"))
        }
        try source.check(writing: folder.path("x.jsonl"), errors: folder.path("x.errors.jsonl"))
    }

    @Test func anOutputOfTheNameOfWhatIsReadIsRefused() throws {
        try folder.write("{}", to: "a.jsonl")
        try FileManager.default.createSymbolicLink(
            atPath: folder.path("link.jsonl"), withDestinationPath: folder.path("a.jsonl"))
        let source = try ExportSource(folder.path("a.jsonl"), overrides: [])
        try folder.write(trust().serialized, to: "a.trust.json")
        let known = try ExportSource(folder.path("a.jsonl"), overrides: [])
        #expect(throws: ConfigurationError.self) { try known.check(writing: folder.path("rows.jsonl"), errors: nil) }
        for name in ["a.jsonl", "link.jsonl", "a.direction.safetensors", "a.errors.jsonl", "a.evaluation.json"] {
            #expect(throws: ConfigurationError.self, "\(name)") {
                try source.check(writing: folder.path(name), errors: nil)
            }
        }
        try folder.write("", to: "a.direction.safetensors")
        let direction = try ExportSource(folder.path("a.direction.safetensors"), overrides: [])
        #expect(direction.rows == nil)
        #expect(direction.usualOutput(.controlVector) == folder.path("a.control-vector.gguf"))
        #expect(throws: ConfigurationError.self) {
            try direction.check(writing: folder.path("a.direction.safetensors"), errors: nil)
        }
    }
}
