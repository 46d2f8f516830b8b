internal import JobConfiguration
internal import JobStore
internal import Prompting
internal import Protocol

extension EmbeddingLayout {
    /// nil where the job keeps none.
    init?(_ definition: JobDefinition, model: LoadedModel, run: String) {
        let readouts = definition.specification(ofRun: run).keptReadouts(layerCount: model.layerCount)
        guard !readouts.isEmpty else { return nil }
        let metadata = [
            "run": run, "model": model.name, "modelSHA256": model.digest, "tokenizer": model.tokenizer,
            "layerCount": "\(model.layerCount)", "precision": model.precision.rawValue,
            "numericBuild": model.numericBuild, "template": definition.template.identity,
            "compatibility": definition.compatibility.rawValue, "inputSHA256": definition.inputDigest,
            "anchorsSHA256": definition.anchors?.digest ?? "", "software": ProtocolVersion.software,
        ]
        self.init(readouts: readouts, hiddenSize: model.hiddenSize, metadata: metadata)
    }
}
