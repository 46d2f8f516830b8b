import CKernels
import Foundation
import TestEnvironment

@testable import Engine
@testable import ModelFiles

/// A tiny random model of Hugging Face's, with the hidden states that transformers computes for it.
struct TinyModel {
    /// One for each architecture that has reference states.
    static let names = [
        "gemma2", "gemma3", "gpt2", "gpt_neox", "llama", "llama3-rope", "mistral", "olmo2", "phi3", "qwen2", "qwen3",
    ]

    static func folder(_ name: String) -> TestData { TestData.shared("reference/tiny/\(name)") }

    /// Those of our own: what none of the others has. `Golden/make_families.py` makes them.
    static let ownNames = [
        "gemma3-linear", "gpt_neox-sequential", "granite", "llama-linear", "llama-yarn", "mixtral", "olmoe",
        "phi3-longrope", "qwen2-window", "qwen3_moe",
    ]

    private static let ownFolder = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "Golden/families").path

    let model: TransformerModel
    /// Token ids and hidden states `[layers + 1, tokens, hidden]`.
    let samples: [(tokens: [Int32], states: [Float])]

    init(_ name: String) throws {
        try self.init(path: Self.folder(name).path, reference: "reference.safetensors")
    }

    init(own name: String) throws { try self.init(path: "\(Self.ownFolder)/\(name)", reference: "states.safetensors") }

    private init(path: String, reference: String) throws {
        model = try TransformerModel(
            file: ModelFile(path: path), backend: NativeBackend(precision: .f32), attention: .f32,
            predictsTokens: false, threads: 1)
        samples = try ReferenceFile(path: "\(path)/\(reference)").samples
    }

    /// The states of all tokens after each layer, `[layers + 1, tokens, hidden]`.
    ///
    /// - Parameter pieces: how many tokens each run of the plan has; all of them where it is empty.
    func states(_ tokens: [Int32], pieces: [Int] = []) throws -> [[Float]] {
        let count = model.configuration.layerCount
        var plan = RowPlan(layers: Set(0...count), slots: .inPlace)
        var first = 0
        for piece in pieces + [tokens.count] where first < tokens.count {
            let end = min(first + piece, tokens.count)
            plan.append(
                tokens[first..<end], positions: Int32(first)..<Int32(end), slot: first,
                attended: first == 0 ? [0..<end] : [0..<first, first..<end])
            first = end
        }
        plan.ask(for: tokens.indices.map { Int32($0) })
        let pass = try ForwardPass(model)
        var states: [[Float]] = []
        let cache = KeyValueCache(model.configuration, format: model.keyValueFormat)
        try pass.run(plan, cache: cache) { _, rows, active in
            states.append(Array(rows.elements[..<(active.count * model.configuration.hiddenSize)]))
        }
        return states
    }
}

/// Token ids and hidden states in a safetensors file.
private struct ReferenceFile {
    var samples: [(tokens: [Int32], states: [Float])] = []

    init(path: String) throws {
        let states = try SafeTensors(path: path)
        let file = try Data(contentsOf: URL(filePath: path))
        let length = file.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        let header = try JSONSerialization.jsonObject(with: file[8..<(8 + length)]) as? [String: Any] ?? [:]
        while let entry = header["\(samples.count).input_ids"] as? [String: Any],
            let range = entry["data_offsets"] as? [Int], let sample = states["\(samples.count).hidden_states"]
        {
            let bytes = file[(8 + length + range[0])..<(8 + length + range[1])]
            let tokens = bytes.withUnsafeBytes { raw in
                stride(from: 0, to: raw.count, by: 8).map {
                    Int32(truncatingIfNeeded: raw.loadUnaligned(fromByteOffset: $0, as: Int64.self))
                }
            }
            samples.append((tokens, sample.values))
        }
    }
}
