internal import Diagnostics
internal import Foundation
internal import JobConfiguration
internal import Margins
internal import Protocol
internal import Safetensors

/// What orders responses: directions that a job fitted, by their places in the model, and where they may be used.
struct ResponseScorers: Sendable {
    /// What scores a response by its hidden states.
    enum Kind: String, CaseIterable, Hashable, Sendable {
        /// The job's own score.
        case ours

        /// A linear reward head without a margin.
        case head

        /// Legend's score, at the last token of the last layer.
        case legend
    }

    /// In the order in which a text's scores come.
    let kinds: [Kind]
    let scorer: Scorer
    let modelSHA256: String
    let precision: Precision

    /// The file that it is from, and where it reads the model.
    let path: String
    let place: String

    /// What it was fitted on; nil where nobody knows.
    let fittedOn: FittedPrompts?

    /// What decided it, as its file has it; nil where it does not say.
    private(set) var settings: String?

    /// What `evaluate` left.
    ///
    /// - Parameters:
    ///   - configuration: what it must agree with.
    ///   - template: what the texts are to be rendered in.
    /// - Throws: `Problem` where the file cannot be read, is another file, or was made for other texts or another model.
    init(headsAt path: String, _ configuration: Configuration, template: String) throws(Problem) {
        let (file, metadata) = try Self.read(path)
        guard metadata["format"] == RewardHeadsFile.format else {
            throw Self.misfit(path, "expected what `legend-coordinator evaluate` writes beside a job's output")
        }
        let conflicts = [
            ("embedding.template", metadata["template"], template),
            ("embedding.compat", metadata["compatibility"], configuration.embedding.compatibility.rawValue),
            ("model.sha256", metadata["modelSHA256"], configuration.model.sha256 ?? metadata["modelSHA256"]),
            ("embedding.token", metadata["token"], configuration.embedding.token?.rawValue ?? metadata["token"]),
            (
                "embedding.layer", metadata["layer"],
                configuration.embedding.layer.map { layer in
                    "\(layer.resolved(layerCount: metadata["layerCount"].flatMap { Int($0) } ?? 0))"
                } ?? metadata["layer"]
            ),
        ].filter { $0.1 != $0.2 }
        guard conflicts.isEmpty else {
            throw Problem(
                conflicts.map { "\($0.0) is \($0.2 ?? "none"), but \(path) was made with \($0.1 ?? "none")" }
                    .joined(separator: "\n"), isOfConfiguration: true)
        }
        guard let layer = metadata["layer"].flatMap({ Int($0) }), let token = metadata["token"].flatMap(Pooling.init),
            let layerCount = metadata["layerCount"].flatMap({ Int($0) }), (0...layerCount).contains(layer),
            let digest = metadata["modelSHA256"], LoadedModel.isDigest(digest),
            let precision = metadata["precision"].flatMap(Precision.init), let arms = metadata["arms"],
            let weights = file.tensors["weights"], let score = file.tensors["score"], weights.shape.count == 2,
            score.shape == [weights.shape[1]], score.shape[0] > 0,
            let head = arms.components(separatedBy: ", ").firstIndex(of: RewardArm.none.rawValue),
            head < weights.shape[0], file.tensors["legend"].map({ $0.shape == score.shape }) ?? true
        else {
            throw Self.misfit(path, "expected layer, token, model, weights and score of one size, found them damaged")
        }
        let hidden = score.shape[0]
        var own = [score.values, Array(weights.values[head * hidden..<(head + 1) * hidden])]
        var kinds = [Kind.ours, .head]
        let readout = Readout(LayerChoice(layer), token)
        let legendReadout = EvaluationDefinition.legendReadout.resolved(layerCount: layerCount)
        var parts: [Scorer.Part] = []
        if let legend = file.tensors["legend"]?.values {
            kinds.append(.legend)
            // One place has one matrix.
            if readout == legendReadout {
                own.append(legend)
            } else {
                parts = [Scorer.Part(legendReadout, Tensor(legend, shape: [1, hidden]))]
            }
        }
        parts.insert(Scorer.Part(readout, Tensor(own.flatMap(\.self), shape: [own.count, hidden])), at: 0)
        do {
            scorer = try Scorer(parts)
        } catch {
            throw Self.misfit(path, "\(error)")
        }
        (self.kinds, self.path, self.precision, modelSHA256) = (kinds, path, precision, digest)
        settings = metadata["settings"]
        place = "layer \(layer) of \(layerCount), \(token), \(precision)"
        fittedOn = FittedPrompts(
            prompts: metadata["fittedPrompts"] ?? "?", texts: metadata["fittedTexts"] ?? "?")
    }

    /// A direction that a job saved.
    init(_ direction: SavedDirection, path: String) {
        kinds = [.ours]
        scorer = Scorer(direction.readout, direction: direction.direction.unit)
        (self.path, precision, modelSHA256) = (path, direction.provenance.precision, direction.provenance.modelSHA256)
        let provenance = direction.provenance
        place = "layer \(provenance.layer) of \(provenance.layerCount), \(provenance.token), \(provenance.precision)"
        fittedOn = direction.fittedOn
    }

    private static func read(_ path: String) throws(Problem) -> (TensorFile, [String: String]) {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Problem(
                "\(path): cannot read the reward heads: no such file, or not readable", isOfConfiguration: true)
        }
        do {
            let file = try TensorFile(serialized: [UInt8](data))
            return (file, file.metadata)
        } catch {
            throw misfit(path, "\(error)")
        }
    }

    private static func misfit(_ path: String, _ what: String) -> Problem {
        Problem("\(path): \(what)", isOfConfiguration: true)
    }
}
