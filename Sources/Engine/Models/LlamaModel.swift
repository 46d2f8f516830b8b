import Foundation
import ModelFiles

/// A Llama model's weights, packed for one backend and shared by all lanes.
///
/// Linear weights are `[out, in]`. The token embeddings stay in the mapped file and are dequantized row by row.
final class LlamaModel: Sendable {
    /// One transformer block.
    struct Block: Sendable {
        let attentionNorm: [Float]  // blk.N.attn_norm
        let queryKeyValue: any PackedMatrix  // blk.N.attn_q, then attn_k, then attn_v
        let attentionOutput: any PackedMatrix  // blk.N.attn_output
        let feedForwardNorm: [Float]  // blk.N.ffn_norm
        let gateUp: any PackedMatrix  // blk.N.ffn_gate, then ffn_up
        let down: any PackedMatrix  // blk.N.ffn_down

        var matrices: [any PackedMatrix] { [queryKeyValue, attentionOutput, gateUp, down] }
    }

    let configuration: LlamaConfiguration
    let backend: any GEMMBackend
    let keyValueFormat: KeyValueStore.Format
    let tokenEmbedding: GGUFTensor  // token_embd, [vocabulary, hidden]
    let blocks: [Block]
    let outputNorm: [Float]  // output_norm
    /// Radians per position of each rotated pair of components.
    let rotaryFrequencies: [Double]
    /// What a person must know of the file to trust its numbers, each a sentence.
    let warnings: [String]

    var vocabularySize: Int { tokenEmbedding.shape[0] }

    private var matrices: [any PackedMatrix] { blocks.flatMap(\.matrices) }
    var linearWeightCount: Int { matrices.reduce(0) { $0 + $1.inputs * $1.outputs } }
    var packedBytes: Int { matrices.reduce(0) { $0 + $1.bytes } }

    /// Loads and packs all weights on `threads` threads.
    ///
    /// - Throws: `ModelFileError` for an architecture, tensor or shape that does not fit; `GEMMError`.
    init(file: GGUFFile, backend: any GEMMBackend, attention: AttentionPrecision, threads: Int) throws {
        configuration = try LlamaConfiguration(file)
        self.backend = backend
        keyValueFormat = KeyValueStore.Format(attention, headDimension: configuration.headDimension)
        let tensors = try LlamaTensors(file, configuration)
        tokenEmbedding = tensors.tokenEmbedding
        outputNorm = tensors.outputNorm.dequantized()
        rotaryFrequencies = Self.frequencies(configuration, divisors: tensors.rotaryDivisors?.dequantized())
        warnings = try configuration.warnings + Self.warnings(file, configuration, tensors)
        let sources = tensors.blocks.flatMap(\.matrices)
        let perBlock = LlamaTensors.Block.matrixCount
        let packed = try parallelMap(count: sources.count, threads: threads) { index in
            let role: MatrixRole = index % perBlock == 2 ? .gated : .linear
            return try Self.pack(sources[index], role, backend)
        }
        blocks = tensors.blocks.enumerated().map { index, block in
            let matrices = Array(packed[(index * perBlock)..<((index + 1) * perBlock)])
            return Block(
                attentionNorm: block.attentionNorm.dequantized(), queryKeyValue: matrices[0],
                attentionOutput: matrices[1], feedForwardNorm: block.feedForwardNorm.dequantized(),
                gateUp: matrices[2], down: matrices[3])
        }
    }

    /// Packs tensors of equal row length as one matrix, one below the other.
    private static func pack(
        _ tensors: [GGUFTensor], _ role: MatrixRole, _ backend: any GEMMBackend
    ) throws -> any PackedMatrix {
        let inputs = tensors[0].rowLength
        let outputs = tensors.reduce(0) { $0 + $1.rowCount }
        let matrix = try backend.pack(outputs: outputs, inputs: inputs, role: role) { rows, values in
            var start = 0
            for tensor in tensors {
                defer { start += tensor.rowCount }
                let wanted = rows.clamped(to: start..<(start + tensor.rowCount))
                guard !wanted.isEmpty else { continue }
                let first = (wanted.lowerBound - rows.lowerBound) * inputs
                tensor.dequantize(
                    rows: wanted.lowerBound - start..<wanted.upperBound - start,
                    into: UnsafeMutableBufferPointer(rebasing: values[first..<first + wanted.count * inputs]))
            }
        }
        for tensor in tensors { tensor.release() }
        return matrix
    }

    private static func warnings(
        _ file: GGUFFile, _ configuration: LlamaConfiguration, _ tensors: LlamaTensors
    ) throws -> [String] {
        guard tensors.rotaryDivisors == nil, configuration.positionDivisor == 1,
            try LlamaConfiguration.needsRotaryDivisors(
                file, base: configuration.rotaryBase, contextLength: configuration.contextLength)
        else { return [] }
        return [
            """
            it looks like Llama 3.1 or later, but its file has no tensor rope_freqs.weight, as those that were converted \
            before August 2024: its hidden states are not the model's. Convert it anew, or take a newer file
            """
        ]
    }

    /// `base^(-2i / d)` for pair `i`, divided by what all positions are divided by, and by the model's own factors where
    /// it has them (the long-context scaling of Llama 3).
    private static func frequencies(_ configuration: LlamaConfiguration, divisors: [Float]?) -> [Double] {
        let exponent = -2 / Double(configuration.rotaryDimension)
        return (0..<configuration.rotaryDimension / 2).map { pair in
            pow(Double(configuration.rotaryBase), exponent * Double(pair))
                / (configuration.positionDivisor * Double(divisors?[pair] ?? 1))
        }
    }
}
