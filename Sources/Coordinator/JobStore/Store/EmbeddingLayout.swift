internal import Protocol
internal import Safetensors

/// What a job's store holds of each row, and says of it.
package struct EmbeddingLayout: Hashable, Sendable {
    /// Ascending: 0 the embeddings, `l` after block `l`, `layerCount` after the final norm.
    package let layers: [Int]
    package let tokens: [String]
    let hiddenSize: Int

    /// What every shard's header says, but for what differs between shards.
    let metadata: [String: String]

    /// What the header of every such file says.
    package static let format = [
        "format": "legend-embeddings-1",
        "about": """
        The hidden state of a response is vectors[i, response, layer, token] * scale[i, response, layer, token], of the \
        row rows[i] of the input (from 0). A scale is a power of two, 1 nearly always, or NaN where the state is not \
        finite. crc32[i] is zlib's of the bytes of vectors[i].
        """,
    ]

    package init(layers: [Int], tokens: [String], hiddenSize: Int, metadata: [String: String]) {
        self.layers = layers
        self.tokens = tokens
        self.hiddenSize = hiddenSize
        self.metadata = metadata
    }

    var vectorsPerRow: Int { 2 * layers.count * tokens.count }
    var bytesPerRow: Int { vectorsPerRow * hiddenSize * 2 }

    /// Where in a row's bytes a vector is.
    ///
    /// - Parameter response: 0 harmless or chosen, 1 harmful or rejected.
    package func vector(response: Int, layerSlot: Int, tokenSlot: Int) -> Int {
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
