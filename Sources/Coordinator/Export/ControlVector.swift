internal import Diagnostics
internal import Margins
internal import ModelFiles
internal import Protocol

/// A direction as llama.cpp adds it, times a strength, to the hidden states of all tokens behind one block.
struct ControlVector {
    /// llama.cpp's number of that block, from 0.
    let block: Int

    /// `[hidden]`; a strength above 0 leads to what is safer.
    let values: [Float]
    private let provenance: SavedDirection.Provenance

    /// - Parameter length: Euclidean, of strength 1: by so much the score of every hidden state at the direction's layer
    ///   changes.
    /// - Throws: `Problem` where llama.cpp adds nothing to the states that the direction is of.
    init(_ saved: SavedDirection, length: Double, path: String) throws(Problem) {
        let provenance = saved.provenance
        // Layer l is what block l - 1 leaves. llama.cpp adds nothing behind block 0, and our last layer is behind the norm.
        let layers = 2..<max(provenance.layerCount, 2)
        guard layers.contains(provenance.layer) else {
            let why =
                provenance.layer < layers.lowerBound
                ? "llama.cpp adds nothing before its second block's end"
                : "that is behind the final norm, to which llama.cpp adds nothing"
            let expected =
                layers.isEmpty
                ? "No layer of such a model has a control vector"
                : "Expected a layer of 2 to \(provenance.layerCount - 1): set embedding.layer to one, and run the job again"
            throw Problem(
                "\(path): the direction is of layer \(provenance.layer) of \(provenance.layerCount): \(why). \(expected)",
                isOfConfiguration: true)
        }
        block = provenance.layer - 1
        values = saved.direction.unit.map { Float(Double($0) * length) }
        let norm = values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
        guard norm.isFinite, abs(norm / length - 1) < 1e-3 else {
            throw Problem(
                "--length: expected a number whose parts 32-bit floating point has, found \(length)",
                isOfConfiguration: true)
        }
        self.provenance = provenance
    }

    /// The GGUF file.
    var serialized: [UInt8] {
        var file = GGUFWriter()
        file.set("general.architecture", "controlvector")
        file.set("general.name", "safety direction of \(provenance.model)")
        // Of an older direction nobody knows it, and llama.cpp does without.
        if let architecture = provenance.architecture { file.set("controlvector.model_hint", architecture) }
        file.set("controlvector.layer_count", UInt32(1))
        file.set("legend.model", provenance.model)
        file.set("legend.model_sha256", provenance.modelSHA256)
        file.set("legend.layer", UInt32(provenance.layer))
        file.set("legend.token", provenance.token.rawValue)
        file.set("legend.estimator", provenance.estimator ?? Estimator.meanDifference.name)
        file.set("legend.software", provenance.software)
        file.add(tensor: "direction.\(block)", shape: [values.count], values)
        return file.serialized()
    }
}
