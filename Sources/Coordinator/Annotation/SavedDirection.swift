internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import Margins
internal import Protocol
internal import Reports
internal import Safetensors

/// A fitted direction with all that decides whether another job may project on it.
struct SavedDirection: Hashable, Sendable {
    /// How the direction was made; each field is a metadata entry of the file.
    struct Provenance: Codable, Hashable, Sendable {
        var model: String
        var modelSHA256: String

        /// The model's family, by its name in GGUF; nil where the software that fitted the direction did not know it.
        var architecture: String?
        var tokenizer: String
        var template: String
        var compatibility: Compatibility

        /// 0 the embeddings, `l` after block `l`, `layerCount` after the final norm.
        var layer: Int
        var layerCount: Int
        var token: Pooling
        var precision: Precision
        var numericBuild: String

        /// Of several sources, all of theirs.
        var anchorsSHA256: String
        var anchorPairs: Int
        var software: String

        /// How it was fitted; nil for the mean difference of a software that knew no other.
        var estimator: String?

        /// nil for a file of anchors. `own` where it was fitted on rows' own labels, and the pairs are rows; of several
        /// sources, their names.
        var source: String?

        static let ownLabels = "own"

        /// What it was fitted on, for a person.
        var pairsText: String {
            switch source {
            case nil: anchorPairs.counted("anchor pair")
            case Self.ownLabels: anchorPairs.counted("labelled row")
            case let sources?: "\(anchorPairs.counted("pair")) (\(sources))"
            }
        }
    }

    var direction: Direction
    var provenance: Provenance

    /// nil where it cannot be measured, or the file is of a software that did not.
    var heldOut: HeldOutAccuracy?

    /// Of scores on the direction of norm 1; nil where they are not known, as where categories have directions.
    var errors: StandardErrors?

    /// nil where all rows are along the one direction.
    var categories: CategoryDirections?

    /// nil where the file does not say it.
    var fittedOn: FittedPrompts?

    /// Below this share of anchors that are held out, a direction says little even of pairs like its own anchors.
    static let heldOutShareExpected = 0.75

    private static let tensorName = "direction"
    private static let errorsName = "errors"
    private static let formatKey = "format"
    private static let formatName = "legend-direction-1"
    private static let heldOutKey = "heldOut"
    private static let promptsKey = "fittedPrompts"
    private static let textsKey = "fittedTexts"

    /// No model has more layers, so that no number of one overflows.
    private static let layerCountMax = 1 << 20

    /// The safetensors file: the direction, which of a mean difference is not normalised, f32 `[1, hidden]`, where they are
    /// known the standard errors of scores on it, f32 `[errors, hidden]`, those of categories, the provenance, and what the anchors say of it
    /// when they are held out.
    func serialized() throws -> [UInt8] {
        let json = try JSONSerialization.jsonObject(with: JSONEncoder().encode(provenance)) as? [String: Any] ?? [:]
        var metadata = json.mapValues { "\($0)" }
        metadata[Self.formatKey] = Self.formatName
        metadata["norm"] = "\(direction.norm)"
        // The same direction has the same file in every run.
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        metadata[Self.heldOutKey] = try heldOut.map { String(decoding: try encoder.encode($0), as: UTF8.self) }
        let values = direction.difference.map(Float.init)
        var tensors = [Self.tensorName: TensorFile.Tensor(shape: [1, values.count], values: values)]
        tensors[Self.errorsName] = errors.map {
            .init(shape: [$0.directions.count / $0.hiddenSize, $0.hiddenSize], values: $0.directions)
        }
        try categories?.add(to: &tensors, &metadata)
        if let (prompts, texts) = fittedOn?.serialized {
            (metadata[Self.promptsKey], metadata[Self.textsKey]) = (prompts, texts)
        }
        return try TensorFile(tensors: tensors, metadata: metadata).serialized()
    }

    /// - Throws: `Problem` where the bytes are no direction of this software.
    init(serialized bytes: [UInt8], path: String) throws {
        func fail(_ problem: String) -> Problem { Problem("\(path): \(problem)", isOfConfiguration: true) }
        let file: TensorFile
        do {
            file = try TensorFile(serialized: bytes)
        } catch {
            throw fail("\(error)")
        }
        guard file.metadata[Self.formatKey] == Self.formatName, let tensor = file.tensors[Self.tensorName],
            tensor.shape.count == 2, tensor.shape[0] == 1
        else { throw fail("not a direction that legend-coordinator saved (format \(Self.formatName))") }
        var json: [String: Any] = file.metadata
        for key in ["layer", "layerCount", "anchorPairs"] { json[key] = file.metadata[key].flatMap { Int($0) } }
        errors = try file.tensors[Self.errorsName].map { errors in
            guard errors.shape.count == 2, errors.shape[1] == tensor.shape[1],
                (1..<Scorer.directionsMax).contains(errors.shape[0]),
                errors.values.allSatisfy(\.isFinite)
            else { throw fail("expected its errors to be numbers [errors, \(tensor.shape[1])], found \(errors.shape)") }
            return StandardErrors(hiddenSize: errors.shape[1], directions: errors.values)
        }
        do {
            provenance = try JSONDecoder().decode(
                Provenance.self, from: JSONSerialization.data(withJSONObject: json))
            direction = try Direction(difference: tensor.values.map(Double.init))
        } catch let error as DirectionError {
            throw fail("\(error)")
        } catch let error as ChoiceError {
            throw fail("its provenance: \(error)")
        } catch {
            throw fail("its provenance is incomplete")
        }
        fittedOn = try file.metadata[Self.promptsKey].map { prompts in
            guard let fitted = FittedPrompts(prompts: prompts, texts: file.metadata[Self.textsKey] ?? "") else {
                throw fail(
                    "expected \(Self.promptsKey) and \(Self.textsKey) to be hexadecimal digests, found other text")
            }
            return fitted
        }
        do {
            categories = try CategoryDirections(file, hiddenSize: tensor.shape[1])
        } catch {
            throw fail("\(error)")
        }
        do {
            heldOut = try file.metadata[Self.heldOutKey].map {
                let known = try JSONDecoder().decode(HeldOutAccuracy.self, from: Data($0.utf8))
                guard
                    let sound = HeldOutAccuracy(
                        pairs: known.pairs, groups: known.groups, right: known.right, low: known.low, high: known.high)
                else { throw fail("impossible counts") }
                return sound
            }
        } catch {
            throw fail("expected \(Self.heldOutKey) to be the counts of anchors that are held out, found other text")
        }
        guard (0...Self.layerCountMax).contains(provenance.layerCount),
            (0...provenance.layerCount).contains(provenance.layer)
        else { throw fail("it is of layer \(provenance.layer) of a model with \(provenance.layerCount) layers") }
        guard LoadedModel.isDigest(provenance.modelSHA256) else {
            throw fail("expected modelSHA256 to be 64 lower-case hexadecimal digits, found \(provenance.modelSHA256)")
        }
    }

    /// Puts the file on disk.
    ///
    /// - Throws: `FileError`.
    func write(to path: String) throws {
        try AtomicFile.write(serialized(), to: path)
    }

    init(
        direction: Direction, provenance: Provenance, heldOut: HeldOutAccuracy? = nil, errors: StandardErrors? = nil,
        categories: CategoryDirections? = nil, fittedOn: FittedPrompts? = nil
    ) {
        self.fittedOn = fittedOn
        self.errors = errors
        self.categories = categories
        self.direction = direction
        self.provenance = provenance
        self.heldOut = heldOut
    }

    var readout: Readout { Readout(LayerChoice(provenance.layer), provenance.token) }

    /// What workers project on: this direction with norm 1, with its errors where they are known, or with the categories'
    /// directions behind it.
    var scorer: Scorer {
        Scorer(
            readout, directions: [direction.unit] + (categories?.directions.map(\.unit) ?? []),
            errors: categories == nil ? errors?.directions ?? [] : [])
    }

    /// What keeps this direction from being used with other settings; empty where it fits.
    ///
    /// - Parameter modelSHA256: nil where the job takes the model that the direction was fitted with.
    func conflicts(
        modelSHA256: String?, template: String, compatibility: Compatibility, readout: Readout
    ) -> [String] {
        let asked = readout.resolved(layerCount: provenance.layerCount)
        return [
            ("model.sha256", provenance.modelSHA256, modelSHA256 ?? provenance.modelSHA256),
            ("embedding.template", provenance.template, template),
            ("embedding.compat", provenance.compatibility.rawValue, compatibility.rawValue),
            ("embedding.layer", "\(provenance.layer)", "\(asked.layer)"),
            ("embedding.token", provenance.token.rawValue, asked.pooling.rawValue),
        ].filter { $0.1 != $0.2 }.map { "\($0.0) is \($0.2), but the direction was fitted with \($0.1)" }
    }
}

extension SavedDirection {
    /// What its anchors say of it, for a person; nil where nobody measured it.
    var heldOutText: String? {
        guard let heldOut else {
            guard provenance.anchorPairs == 1 else { return nil }
            return "not measurable with one anchor pair: without it, nothing is fitted"
        }
        if provenance.source == Provenance.ownLabels {
            return """
                \(heldOut.share.percent) of \(heldOut.pairs) rows on the right side of a direction that never saw them \
                (95 % interval: \(heldOut.low.percent) to \(heldOut.high.percent))
                """
        }
        let without =
            heldOut.groups == heldOut.pairs ? "without them" : "without their prompt (of \(heldOut.groups))"
        return """
            \(heldOut.share.percent) of \(heldOut.pairs) anchor pairs on the right side of a direction fitted \(without) \
            (95 % interval: \(heldOut.low.percent) to \(heldOut.high.percent))
            """
    }

    /// Why its margins may say little; nil where its anchors give no reason to think so.
    var heldOutWarning: String? {
        // Of rows' own labels it is seldom as large, and compared with chance.
        guard let heldOut, heldOut.share < Self.heldOutShareExpected,
            provenance.source != Provenance.ownLabels
        else { return nil }
        return """
            the direction barely separates anchors that it was not fitted on (\(heldOut.share.percent) of \
            \(heldOut.pairs) pairs; expected at least \(Self.heldOutShareExpected.percent)): margins will say little
            """
    }
}
