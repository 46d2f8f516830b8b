internal import JobConfiguration
internal import Prompting
internal import Protocol
internal import Safetensors

/// What a job's store holds of each row, and says of it.
struct EmbeddingLayout: Hashable, Sendable {
    /// Ascending: 0 the embeddings, `l` after block `l`, `layerCount` after the final norm.
    let layers: [Int]
    let tokens: [String]
    let hiddenSize: Int

    /// What every shard's header says, but for what differs between shards.
    let metadata: [String: String]

    static let formatName = "legend-embeddings-1"

    private static let about = """
        The hidden state of a response is vectors[i, response, layer, token] * scale[i, response, layer, token], of the \
        row rows[i] of the input (from 0). A scale is a power of two, 1 nearly always, or NaN where the state is not \
        finite. crc32[i] is zlib's of the bytes of vectors[i].
        """

    var vectorsPerRow: Int { 2 * layers.count * tokens.count }
    var bytesPerRow: Int { vectorsPerRow * hiddenSize * 2 }

    /// Where in a row's bytes a vector is.
    ///
    /// - Parameter response: 0 harmless or chosen, 1 harmful or rejected.
    func vector(response: Int, layerSlot: Int, tokenSlot: Int) -> Int {
        (response * layers.count + layerSlot) * tokens.count + tokenSlot
    }

    /// The header of a shard with `count` rows.
    func header(of shard: EmbeddingShard.Name, shards: Int, count: Int) -> SafetensorsHeader {
        let own = [
            "step": shard.step.name, "shard": "\(shard.index)", "shards": "\(shards)",
            "responses": shard.step.responses.joined(separator: ", "),
        ]
        var header = SafetensorsHeader(metadata: metadata.merging(own) { $1 })
        header.append("vectors", .f16, shape: [count, 2, layers.count, tokens.count, hiddenSize])
        header.append("rows", .i64, shape: [count])
        header.append("crc32", .i64, shape: [count])
        header.append("scale", .f32, shape: [count, 2, layers.count, tokens.count])
        return header
    }
}

extension EmbeddingLayout {
    /// nil where the job keeps none.
    init?(_ definition: JobDefinition, model: LoadedModel, run: String) {
        let embedding = definition.configuration.embedding
        guard let kept = embedding.kept else { return nil }
        layers = definition.specification(ofRun: run).keptLayers(layerCount: model.layerCount)
        tokens = kept.tokens
        hiddenSize = model.hiddenSize
        metadata = [
            "format": Self.formatName, "about": Self.about, "run": run, "layers": "\(layers)",
            "tokens": tokens.joined(separator: ", "), "model": model.name, "modelSHA256": model.digest,
            "tokenizer": model.tokenizer, "layerCount": "\(model.layerCount)", "precision": model.precision,
            "numericBuild": model.numericBuild, "template": definition.template.identity,
            "compatibility": embedding.compatibility, "inputSHA256": definition.inputDigest,
            "anchorsSHA256": definition.anchors?.digest ?? "", "software": ProtocolVersion.software,
        ]
    }
}
