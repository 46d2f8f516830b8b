import Foundation
import Margins
import Protocol

@testable import Coordinator

/// A job of many tiny rows, each a unit of its own, on a direction that is given.
enum LoadJob {
    private static let direction = {
        let provenance = SavedDirection.Provenance(
            model: Crowd.model.name, modelSHA256: Crowd.model.digest, tokenizer: Crowd.model.tokenizer,
            template: "alpaca", compatibility: .none, layer: 1, layerCount: 1, token: .lastToken,
            precision: .f32, numericBuild: "none", anchorsSHA256: "", anchorPairs: 1, software: "0")
        guard let direction = try? Direction(difference: [3, 4]) else { preconditionFailure("3, 4 has the norm 5") }
        return SavedDirection(direction: direction, provenance: provenance)
    }()

    static let scorerDigest = direction.scorer.digest

    /// - Parameter promptBytes: about so many in each row.
    static func prepare(_ folder: JobFolder, rows: Int, port: UInt16, promptBytes: Int = 40) throws {
        try Data(direction.serialized()).write(to: folder.url.appending(path: "given.safetensors"))
        let padding = String(repeating: "x", count: max(promptBytes - 16, 0))
        try folder.write("", to: "many.jsonl")
        let file = try FileHandle(forWritingTo: folder.url.appending(path: "many.jsonl"))
        defer { try? file.close() }
        for start in stride(from: 0, to: rows, by: 10_000) {
            let lines = (start..<min(start + 10_000, rows)).map { row in
                #"{"prompt": "question \#(row) \#(padding)", "chosen": "yes", "rejected": "no"}"#
            }
            try file.write(contentsOf: Data((lines.joined(separator: "\n") + "\n").utf8))
        }
        try folder.write(
            """
            job: {input: many.jsonl, output: out.jsonl, direction: given.safetensors}
            model: {path: none.gguf}
            embedding: {template: alpaca}
            cluster: {listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 1, \(JobFolder.Timing.patient)}
            """, to: "cluster.yaml")
    }
}
