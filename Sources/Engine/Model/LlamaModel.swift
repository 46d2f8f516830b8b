import Foundation

/// A Llama model's weights, packed for one backend and shared by all lanes.
///
/// Linear weights are `[out, in]`. The token embeddings stay in the mapped file and are dequantized row by row.
final class LlamaModel: Sendable {
    /// One transformer block.
    struct Block: Sendable {
        let attentionNorm: [Float]  // blk.N.attn_norm
        let query: any PackedMatrix  // blk.N.attn_q
        let keyValue: any PackedMatrix  // blk.N.attn_k, then blk.N.attn_v
        let attentionOutput: any PackedMatrix  // blk.N.attn_output
        let feedForwardNorm: [Float]  // blk.N.ffn_norm
        let gateUp: any PackedMatrix  // blk.N.ffn_gate, then blk.N.ffn_up
        let down: any PackedMatrix  // blk.N.ffn_down
    }

    let configuration: LlamaConfiguration
    let backend: any GEMMBackend
    let tokenEmbedding: GGUFTensor  // token_embd, [vocabulary, hidden]
    let blocks: [Block]
    let outputNorm: [Float]  // output_norm
    /// Radians per position of each rotated pair of components.
    let rotaryFrequencies: [Double]

    var vocabularySize: Int { tokenEmbedding.shape[0] }

    /// Loads and packs all weights on `threads` threads.
    ///
    /// - Throws: `ModelFileError` for an architecture, tensor or shape that does not fit; `GEMMError`.
    init(file: GGUFFile, backend: any GEMMBackend, threads: Int) throws {
        configuration = try LlamaConfiguration(file)
        self.backend = backend
        let tensors = try LlamaTensors(file, configuration)
        tokenEmbedding = tensors.tokenEmbedding
        outputNorm = tensors.outputNorm.dequantized()
        rotaryFrequencies = Self.frequencies(configuration, divisors: tensors.rotaryDivisors?.dequantized())
        let sources = tensors.blocks.flatMap(\.matrices)
        let packed = try parallelMap(count: sources.count, threads: threads) { index in
            try Self.pack(sources[index], backend)
        }
        let perBlock = LlamaTensors.Block.matrixCount
        blocks = tensors.blocks.enumerated().map { index, block in
            let matrices = Array(packed[(index * perBlock)..<((index + 1) * perBlock)])
            return Block(
                attentionNorm: block.attentionNorm.dequantized(), query: matrices[0], keyValue: matrices[1],
                attentionOutput: matrices[2], feedForwardNorm: block.feedForwardNorm.dequantized(),
                gateUp: matrices[3], down: matrices[4])
        }
    }

    /// Packs tensors of equal row length as one matrix, one below the other.
    private static func pack(_ tensors: [GGUFTensor], _ backend: any GEMMBackend) throws -> any PackedMatrix {
        let inputs = tensors[0].rowLength
        let outputs = tensors.reduce(0) { $0 + $1.rowCount }
        return try backend.pack(outputs: outputs, inputs: inputs) { matrix in
            var start = 0
            for tensor in tensors {
                let end = start + tensor.rowCount * inputs
                tensor.dequantize(
                    rows: 0..<tensor.rowCount, into: UnsafeMutableBufferPointer(rebasing: matrix[start..<end]))
                start = end
            }
        }
    }

    /// `base^(-2i / d)` for pair `i`, divided by the model's own factors where it has them (the long-context scaling of
    /// Llama 3).
    private static func frequencies(_ configuration: LlamaConfiguration, divisors: [Float]?) -> [Double] {
        let exponent = -2 / Double(configuration.rotaryDimension)
        return (0..<configuration.rotaryDimension / 2).map { pair in
            pow(Double(configuration.rotaryBase), exponent * Double(pair)) / Double(divisors?[pair] ?? 1)
        }
    }
}
