/// How texts are generated: the same in all units of a step.
package struct GenerationSettings: Hashable, Sendable, Codable {
    /// Of each text, at most.
    package var maxNewTokens: Int

    /// What logits are divided by; 0 takes the likeliest token, always.
    package var temperature: Double

    /// Only the likeliest tokens whose probabilities add up to this are drawn from.
    package var topP: Double

    /// Of all that is drawn, together with a text's row and its number among the row's.
    package var seed: UInt64

    /// Texts before which a generated one ends, besides where the model ends it.
    package var stops: [String]

    package init(
        maxNewTokens: Int, temperature: Double = 0, topP: Double = 1, seed: UInt64 = 0, stops: [String] = []
    ) {
        self.maxNewTokens = maxNewTokens
        self.temperature = temperature
        self.topP = topP
        self.seed = seed
        self.stops = stops
    }

    package static let newTokens = 1...32_768
    package static let temperatures = 0.0...100
    /// UTF-8 of a text, at most: as many as its row may have fit into one message.
    package static let textBytesMax = UnitResult.valueBytesMax / UnitPayload.responsesMax

    package static let stopsMax = 16
    package static let stopBytesMax = 256

    /// What is wrong with it, with the name of the setting as a configuration has it; nil where it can be used.
    package var problem: (setting: String, expected: String, found: String)? {
        if !Self.newTokens.contains(maxNewTokens) {
            return ("max_new_tokens", "\(Self.newTokens.lowerBound) to \(Self.newTokens.upperBound)", "\(maxNewTokens)")
        }
        if !temperature.isFinite || !Self.temperatures.contains(temperature) {
            return ("temperature", "0 to \(Int(Self.temperatures.upperBound))", "\(temperature)")
        }
        if !(topP > 0 && topP <= 1) { return ("top_p", "a number above 0, at most 1", "\(topP)") }
        if stops.count > Self.stopsMax { return ("stop", "at most \(Self.stopsMax) texts", "\(stops.count)") }
        if let stop = stops.first(where: { $0.isEmpty || $0.utf8.count > Self.stopBytesMax }) {
            return ("stop", "texts of 1 to \(Self.stopBytesMax) bytes", "one of \(stop.utf8.count)")
        }
        return nil
    }
}

/// A text that a model generated.
package struct GeneratedText: Hashable, Sendable {
    package enum Ending: String, Choice {
        /// The model ended it.
        case end = "end"

        /// One of the stop texts would have come next.
        case stop = "stop"

        /// It was cut off after the most new tokens that were asked for.
        case limit = "limit"

        /// It was cut off at the end of the model's context, or of what the job takes for it.
        case context = "context"
    }

    /// What is no UTF-8 in it was replaced.
    package var text: String

    /// New ones, without the end token.
    package var tokens: Int
    package var ending: Ending

    package init(text: String, tokens: Int, ending: Ending) {
        self.text = text
        self.tokens = tokens
        self.ending = ending
    }
}

/// What a worker's lanes have for texts that are generated.
package struct GenerationRoom: Hashable, Sendable {
    /// Texts that each lane generates at the same time.
    package var sequences: Int

    /// Bytes of keys and values that each lane holds.
    package var cacheBytes: Int

    /// Units that each lane has in hand at the same time: their texts end at different times, and others take their places.
    package var units: Int

    package init(sequences: Int, cacheBytes: Int, units: Int) {
        self.sequences = sequences
        self.cacheBytes = cacheBytes
        self.units = units
    }

    package static let sequencesAllowed = 1...256
    package static let cacheBytesMax = 1 << 40
    package static let unitsAllowed = 1...256
}
