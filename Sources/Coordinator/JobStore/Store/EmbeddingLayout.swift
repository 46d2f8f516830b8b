package import Protocol
internal import Safetensors

/// What a job's store holds of each row, and says of it.
///
/// Each readout has tensors of its own. Of a step whose rows have named responses, `vectors` is `[rows, responses, hidden]`;
/// of one whose rows have any number of them it is `[texts, hidden]`, one row's texts after another's, and `responses` says
/// how many each row has.
package struct EmbeddingLayout: Hashable, Sendable {
    /// The tensors of one readout.
    enum Part: String, CaseIterable {
        case vectors, crc32, scale
    }

    /// Ascending; layers count from the front: 0 the embeddings, `l` after block `l`, `layerCount` after the final norm.
    package let readouts: [Readout]
    let hiddenSize: Int

    /// What every shard's header says of the job.
    let metadata: [String: String]

    package init(readouts: [Readout], hiddenSize: Int, metadata: [String: String]) {
        self.readouts = readouts
        self.hiddenSize = hiddenSize
        self.metadata = metadata
    }

    var bytesPerVector: Int { 2 * hiddenSize }
    var bytesPerText: Int { readouts.count * bytesPerVector }

    package func slot(of readout: Readout) -> Int? { readouts.firstIndex(of: readout) }

    /// What a readout's tensor is called: only where there are several it says of which it is.
    func name(_ part: Part, ofSlot slot: Int) -> String {
        guard readouts.count > 1 else { return part.rawValue }
        return "\(part.rawValue)/\(readouts[slot].layer)/\(readouts[slot].pooling)"
    }

    /// The header of a shard with so many rows, and responses of all of them.
    func header(of shard: EmbeddingShard.Name, shards: Int, rows: Int, texts: Int) -> SafetensorsHeader {
        let step = shard.step
        var own = ["step": step.name, "shard": "\(shard.index)", "shards": "\(shards)"]
        own["responses"] = step.responses?.joined(separator: ", ")
        var shape = step.responses.map { [rows, $0.count] } ?? [texts]
        if readouts.count == 1, step.responses != nil {
            // The format has room for the layers and the tokens of a grid.
            shape += [1, 1]
            own.merge(firstFormat) { $1 }
        } else {
            own.merge(secondFormat(hasNames: step.responses != nil)) { $1 }
        }
        var header = SafetensorsHeader(metadata: metadata.merging(own) { $1 })
        for slot in readouts.indices { header.append(name(.vectors, ofSlot: slot), .f16, shape: shape + [hiddenSize]) }
        header.append("rows", .i64, shape: [rows])
        if step.responses == nil { header.append("responses", .i64, shape: [rows]) }
        for slot in readouts.indices { header.append(name(.crc32, ofSlot: slot), .i64, shape: [rows]) }
        for slot in readouts.indices { header.append(name(.scale, ofSlot: slot), .f32, shape: shape) }
        return header
    }
}

// MARK: - What a file says of itself

extension EmbeddingLayout {
    private var firstFormat: [String: String] {
        [
            "format": "legend-embeddings-1", "layers": "[\(readouts[0].layer)]", "tokens": "\(readouts[0].pooling)",
            "about": """
            The hidden state of a response is vectors[i, response, layer, token] * scale[i, response, layer, token], of \
            the row rows[i] of the input (from 0). A scale is a power of two, 1 nearly always, or NaN where the state is \
            not finite. crc32[i] is zlib's of the bytes of vectors[i].
            """,
        ]
    }

    private func secondFormat(hasNames: Bool) -> [String: String] {
        let index = hasNames ? "i, response" : "text"
        let place = hasNames ? "" : " The first responses[0] texts are row rows[0]'s, and so on."
        let tensors =
            readouts.count == 1
            ? "" : " Each layer and token has such tensors, with its name behind a slash: vectors/LAYER/TOKEN."
        return [
            "format": "legend-embeddings-2",
            "readouts": readouts.map { "\($0.layer)/\($0.pooling)" }.joined(separator: ", "),
            "about": """
            The hidden state of a response is vectors[\(index)] * scale[\(index)], of the row rows[i] of the input (from \
            0).\(place) A scale is a power of two, 1 nearly always, or NaN where the state is not finite. crc32[i] is \
            zlib's of the bytes of row i's vectors.\(tensors)
            """,
        ]
    }
}
