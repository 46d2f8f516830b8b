internal import Diagnostics
import Foundation
internal import JSON
import ModelFiles

extension ModelSettings {
    /// The rotary positions of layers that see everything, and of those that see a window.
    ///
    /// - Throws: `ModelFileError` for a missing or impossible value, or a scaling that is not supported.
    func rotary(headDimension: Int, contextLength: Int) throws -> (everything: RotarySettings, window: RotarySettings) {
        let dimension = try rotaryDimension(headDimension: headDimension)
        let base = try positive(.rotaryBase, default: folderObject == nil ? 10_000 : nil)
        let scaling =
            switch file {
            case .gguf: try ggufScaling()
            case .folder:
                try folderScaling(
                    ["rope_parameters.full_attention", "rope_parameters", "rope_scaling"], dimension: dimension,
                    contextLength: contextLength)
            }
        let windowBase = try positiveIfPresent(.windowRotaryBase) ?? architecture.windowRotaryBase ?? base
        let hasOwnWindow = windowBase != base || architecture.windowRotaryBase != nil
        let windowScaling =
            folderValue("rope_parameters.sliding_attention") == nil
            ? (hasOwnWindow ? .none : scaling)
            : try folderScaling(
                ["rope_parameters.sliding_attention"], dimension: dimension, contextLength: contextLength)
        return (
            RotarySettings(base: base, dimension: dimension, scaling: scaling),
            RotarySettings(base: windowBase, dimension: dimension, scaling: windowScaling)
        )
    }

    private func rotaryDimension(headDimension: Int) throws -> Int {
        let key: SettingKey = folderObject == nil ? .rotaryDimension : .rotaryShare
        let dimension =
            switch file {
            case .gguf: try size(.rotaryDimension, default: headDimension)
            case .folder:
                Int(
                    try positive(.rotaryShare, default: architecture.folderDefaults[.rotaryShare] ?? 1)
                        * Double(headDimension))
            }
        guard dimension >= 1, dimension + dimension % 2 <= headDimension else {
            throw error(key, "at most \(headDimension) rotated components, in pairs", "\(dimension)")
        }
        return dimension
    }

    // MARK: GGUF

    /// A factor without a type is linear, as other software has it.
    private func ggufScaling() throws -> RotaryScaling {
        let kind = try text(.scalingKind)
        let new = try positiveIfPresent(.scalingFactor)
        let old = try positiveIfPresent(.oldScalingFactor)
        if let new, let old, new != old {
            throw error(.oldScalingFactor, "the \(new) of \(name(of: .scalingFactor))", "\(old)")
        }
        let factor = new ?? old ?? 1
        if kind != "yarn", kind != "longrope", let other = try number(.scalingAttentionFactor), other != 1 {
            throw error(.scalingAttentionFactor, "1: positions are not scaled so", "\(other)")
        }
        switch kind {
        case nil, "linear": return factor == 1 ? .none : .linear(factor: factor)
        case "none":
            guard factor == 1 else {
                throw error(.scalingFactor, "1 where \(name(of: .scalingKind)) is none", "\(factor)")
            }
            return .none
        case "yarn" where factor == 1: return .none
        case "yarn":
            return .yarn(
                factor: factor, originalContext: try positive(.scalingOriginalContext),
                fast: try positive(.yarnFast, default: 32), slow: try positive(.yarnSlow, default: 1),
                roundsBorders: true,
                amplitude: try positive(.scalingAttentionFactor, default: 1)
                    * RotarySettings.yarnAmplitude(factor: factor))
        // Its divisors are tensors.
        case "longrope": return .none
        case let other?:
            throw error(
                .scalingKind, "none, linear, yarn or longrope (a tensor rope_freqs.weight is supported)", other.quoted)
        }
    }

    /// What cosines and sines are multiplied by where the divisors of frequencies are tensors.
    var scalingAmplitude: Double {
        get throws { try text(.scalingKind) == "longrope" ? try positive(.scalingAttentionFactor, default: 1) : 1 }
    }

    // MARK: config.json

    /// - Parameter places: where the settings may be, in the order in which they are looked for.
    private func folderScaling(_ places: [String], dimension: Int, contextLength: Int) throws -> RotaryScaling {
        guard let place = places.first(where: { folderValue($0) != nil }) else { return .none }
        let scaling = FolderScaling(settings: self, place: place)
        let kind = try scaling.text("rope_type") ?? scaling.text("type")
        switch kind {
        // An object of objects by kind of layer has no type of its own.
        case nil, "default": return .none
        case "linear": return .linear(factor: try scaling.positive("factor"))
        case "llama3":
            let (low, high) = (try scaling.positive("low_freq_factor"), try scaling.positive("high_freq_factor"))
            guard low < high else { throw scaling.error("high_freq_factor", "more than \(low)", "\(high)") }
            return .llama3(
                factor: try scaling.positive("factor"), lowFrequencyFactor: low, highFrequencyFactor: high,
                originalContext: try scaling.originalContext(else: contextLength))
        case "yarn": return try yarn(scaling, contextLength: contextLength)
        case "longrope", "su": return try longRoPE(scaling, dimension: dimension, contextLength: contextLength)
        case let other?:
            throw scaling.error("rope_type", "default, linear, llama3, yarn or longrope", other.quoted)
        }
    }

    private func yarn(_ scaling: FolderScaling, contextLength: Int) throws -> RotaryScaling {
        let factor = try scaling.positive("factor")
        let amplitude: Double
        if let given = try scaling.positiveIfPresent("attention_factor") {
            amplitude = given
        } else if let weight = try scaling.positiveIfPresent("mscale"),
            let all = try scaling.positiveIfPresent("mscale_all_dim")
        {
            amplitude =
                RotarySettings.yarnAmplitude(factor: factor, weight: weight)
                / RotarySettings.yarnAmplitude(factor: factor, weight: all)
        } else {
            amplitude = RotarySettings.yarnAmplitude(factor: factor)
        }
        return .yarn(
            factor: factor, originalContext: try scaling.originalContext(else: contextLength),
            fast: try scaling.positiveIfPresent("beta_fast") ?? 32,
            slow: try scaling.positiveIfPresent("beta_slow") ?? 1,
            roundsBorders: scaling.value("truncate")?.boolean ?? true, amplitude: amplitude)
    }

    /// The divisors of texts within the original context: longer ones are refused by their length.
    private func longRoPE(_ scaling: FolderScaling, dimension: Int, contextLength: Int) throws -> RotaryScaling {
        let divisors = scaling.value("short_factor")?.elements?.map(\.number) ?? []
        guard divisors.count == (dimension + 1) / 2, divisors.allSatisfy({ $0 ?? 0 > 0 }) else {
            throw scaling.error(
                "short_factor", "a positive number for each of \((dimension + 1) / 2) pairs", "\(divisors.count) values"
            )
        }
        let original = try scaling.originalContext(else: contextLength)
        let factor = try scaling.positiveIfPresent("factor") ?? Double(contextLength) / original
        let amplitude =
            try scaling.positiveIfPresent("attention_factor")
            ?? (factor <= 1 ? 1 : (1 + log(factor) / log(original)).squareRoot())
        return .divisors(divisors.compactMap(\.self), amplitude: amplitude)
    }

    /// The context that positions were trained on before they were stretched by divisors of their own, if they were.
    func originalContext() throws -> Int? {
        switch file {
        case .gguf: return try text(.scalingKind) == "longrope" ? Int(positive(.scalingOriginalContext)) : nil
        case .folder:
            let place = ["rope_parameters", "rope_scaling"].first { folderValue($0) != nil }
            guard let place else { return nil }
            let scaling = FolderScaling(settings: self, place: place)
            guard ["longrope", "su"].contains(try scaling.text("rope_type") ?? scaling.text("type")) else { return nil }
            return Int(exactly: try scaling.originalContext(else: Int(Int32.max)))
        }
    }
}

/// An object of `config.json` that says how positions are scaled.
private struct FolderScaling {
    let settings: ModelSettings
    let place: String

    func value(_ name: String) -> JSONValue? { settings.folderValue("\(place).\(name)") }

    func text(_ name: String) throws -> String? {
        guard let value = value(name) else { return nil }
        guard let text = value.string else { throw error(name, "a text", value.text.quoted) }
        return text
    }

    func positiveIfPresent(_ name: String) throws -> Double? {
        guard let value = value(name) else { return nil }
        guard let number = value.number, number > 0, Float(number).isFinite else {
            throw error(name, "a positive number", value.text.quoted)
        }
        return number
    }

    func positive(_ name: String) throws -> Double {
        guard let number = try positiveIfPresent(name) else { throw error(name, "a positive number", "none") }
        return number
    }

    /// Where the settings don't say, the model may, and else it is the whole context.
    func originalContext(else context: Int) throws -> Double {
        let name = "original_max_position_embeddings"
        return try positiveIfPresent(name) ?? settings.folderValue(name)?.number ?? Double(context)
    }

    func error(_ name: String, _ expected: String, _ found: String) -> ModelFileError {
        settings.error(named: "\(place).\(name)", expected, found)
    }
}
