internal import JobConfiguration
internal import JobStore
internal import Prompting
internal import Protocol

extension EmbeddingLayout {
    /// nil where the job keeps none.
    init?(_ definition: JobDefinition, model: LoadedModel, run: String) {
        let embedding = definition.configuration.embedding
        guard let kept = embedding.kept else { return nil }
        let layers = definition.specification(ofRun: run).keptLayers(layerCount: model.layerCount)
        let metadata = [
            "run": run, "layers": "\(layers)",
            "tokens": kept.tokens.joined(separator: ", "), "model": model.name, "modelSHA256": model.digest,
            "tokenizer": model.tokenizer, "layerCount": "\(model.layerCount)", "precision": model.precision,
            "numericBuild": model.numericBuild, "template": definition.template.identity,
            "compatibility": embedding.compatibility, "inputSHA256": definition.inputDigest,
            "anchorsSHA256": definition.anchors?.digest ?? "", "software": ProtocolVersion.software,
        ]
        self.init(
            layers: layers, tokens: kept.tokens, hiddenSize: model.hiddenSize,
            metadata: Self.format.merging(metadata) { $1 })
    }
}
