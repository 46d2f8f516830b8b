import Foundation
import ModelFiles

/// A model's weights, packed for one backend and shared by all lanes.
///
/// Linear weights are `[out, in]`. The token embeddings stay in the mapped file and are dequantized row by row.
final class TransformerModel: Sendable {
    /// One transformer block. Matrices that multiply the same input are packed as one, one below the other.
    struct Block: Sendable {
        let attentionNorm: [Float]  // [hidden]
        let queryKeyValue: any PackedMatrix  // [(heads + 2 kvHeads) * d, hidden]
        let attentionOutput: any PackedMatrix  // [hidden, heads * d]
        let feedForwardNorm: [Float]  // [hidden]
        let gateUp: any PackedMatrix  // [2 * feed-forward, hidden]
        let down: any PackedMatrix  // [hidden, feed-forward]

        fileprivate init(_ tensors: TransformerTensors.Block, _ backend: any GEMMBackend) throws {
            attentionNorm = tensors.attentionNorm.dequantized()
            queryKeyValue = try backend.pack([tensors.query, tensors.key, tensors.value], .linear)
            attentionOutput = try backend.pack([tensors.attentionOutput], .linear)
            feedForwardNorm = tensors.feedForwardNorm.dequantized()
            gateUp = try backend.pack([tensors.gate, tensors.up], .gated)
            down = try backend.pack([tensors.down], .linear)
        }

        fileprivate var matrices: [any PackedMatrix] { [queryKeyValue, attentionOutput, gateUp, down] }
    }

    let architecture: Architecture
    let configuration: ModelConfiguration
    let backend: any GEMMBackend
    let keyValueFormat: KeyValueStore.Format
    let tokenEmbedding: GGUFTensor  // [vocabulary, hidden]
    let blocks: [Block]
    let outputNorm: [Float]  // [hidden]
    /// What states after the final norm are multiplied by to predict tokens; nil unless it was asked for.
    let vocabularyProjection: (any PackedMatrix)?  // [vocabulary, hidden]
    /// Radians per position of each rotated pair of components.
    let rotaryFrequencies: [Double]
    /// What a person must know of the file to trust its numbers, each a sentence.
    let warnings: [String]

    var vocabularySize: Int { tokenEmbedding.shape[0] }

    private var matrices: [any PackedMatrix] {
        blocks.flatMap(\.matrices) + [vocabularyProjection].compactMap(\.self)
    }
    var linearWeightCount: Int { blocks.flatMap(\.matrices).reduce(0) { $0 + $1.inputs * $1.outputs } }
    var packedBytes: Int { matrices.reduce(0) { $0 + $1.bytes } }

    /// Loads and packs all weights on `threads` threads.
    ///
    /// - Parameter predictsTokens: whether the vocabulary projection is packed, too, which hidden states do not need.
    /// - Throws: `ModelFileError` for an architecture, tensor or shape that does not fit; `GEMMError`.
    init(
        file: GGUFFile, backend: any GEMMBackend, attention: AttentionPrecision, predictsTokens: Bool, threads: Int
    ) throws {
        try file.requireWhole()
        architecture = try Architecture.of(file)
        let configuration = try ModelConfiguration(file, architecture)
        self.configuration = configuration
        self.backend = backend
        keyValueFormat = KeyValueStore.Format(attention, headDimension: configuration.headDimension)
        let tensors = try TransformerTensors(file, architecture, configuration)
        tokenEmbedding = tensors.tokenEmbedding
        outputNorm = tensors.outputNorm.dequantized()
        rotaryFrequencies = configuration.rotaryFrequencies(divisors: tensors.rotaryDivisors?.dequantized())
        warnings =
            try configuration.warnings
            + architecture.warnings(file, configuration, tensors.rotaryDivisors != nil)
        blocks = try parallelMap(count: configuration.layerCount, threads: threads) { layer in
            try Block(tensors.blocks[layer], backend)
        }
        if predictsTokens {
            let projection = tensors.vocabularyProjection ?? tensors.tokenEmbedding
            guard projection.shape == tensors.tokenEmbedding.shape else {
                throw ModelFileError(
                    file: file.path, place: .tensor(projection.name), what: "shape",
                    expected: "that of the token embeddings, \(tensors.tokenEmbedding.shape)",
                    found: "\(projection.shape)")
            }
            vocabularyProjection = try backend.pack([projection], .linear)
        } else {
            vocabularyProjection = nil
        }
    }
}

extension ModelConfiguration {
    /// `base^(-2i / d)` for pair `i`, divided by what all positions are divided by, and by the model's own factors where
    /// it has them (the long-context scaling of Llama 3).
    fileprivate func rotaryFrequencies(divisors: [Float]?) -> [Double] {
        let exponent = -2 / Double(rotaryDimension)
        return (0..<rotaryDimension / 2).map { pair in
            pow(Double(rotaryBase), exponent * Double(pair)) / (positionDivisor * Double(divisors?[pair] ?? 1))
        }
    }
}

extension GEMMBackend {
    /// Packs tensors of equal row length as one matrix, one below the other, and lets their memory go.
    fileprivate func pack(_ tensors: [GGUFTensor], _ role: MatrixRole) throws -> any PackedMatrix {
        let inputs = tensors[0].rowLength
        let outputs = tensors.reduce(0) { $0 + $1.rowCount }
        let matrix = try pack(outputs: outputs, inputs: inputs, role: role) { rows, values in
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
}
