import Foundation

/// How rotary positions are stretched beyond the context that a model was trained on at first.
enum RotaryScaling: Hashable, Sendable {
    case none
    /// All positions are divided by a factor (Chen et al., arXiv 2306.15595).
    case linear(factor: Double)
    /// Slow pairs are divided, fast ones stay, and those between are blended, by their wavelength in the original context
    /// (Meta's Llama 3.1).
    case llama3(factor: Double, lowFrequencyFactor: Double, highFrequencyFactor: Double, originalContext: Double)
    /// YaRN (Peng et al., arXiv 2309.00071): as `llama3` by the number of rotations in the original context, and cosines
    /// and sines are multiplied by `amplitude`.
    case yarn(
        factor: Double, originalContext: Double, fast: Double, slow: Double, roundsBorders: Bool, amplitude: Double)
    /// Each pair has a divisor of its own (LongRoPE, Ding et al., arXiv 2402.13753).
    case divisors([Double], amplitude: Double)
}

/// The rotary position embedding of some layers (Su et al., arXiv 2104.09864).
struct RotarySettings: Hashable, Sendable {
    var base: Double
    /// The components that the frequencies of pairs are spread over: those that are rotated, or one less of an odd share.
    var dimension: Int
    var scaling: RotaryScaling

    var pairCount: Int { (dimension + 1) / 2 }
    /// Components of a head that are rotated.
    var rotatedCount: Int { 2 * pairCount }

    /// Radians per position, one for each rotated pair: `base^(-2i / d)` for pair `i` before it is scaled.
    ///
    /// They are rounded to f32 step by step as models had them in training, and as transformers computes them: what is off
    /// by a rounding here is so 2,000 times as much at position 2,000.
    var frequencies: [Float] {
        let powers = (0..<pairCount).map { pow(Float(base), Float(2 * $0) / Float(dimension)) }
        let plain = powers.map { 1 / $0 }
        switch scaling {
        case .none: return plain
        case .linear(let factor): return plain.map { $0 / Float(factor) }
        case .divisors(let divisors, _): return zip(powers, divisors).map { 1 / (Float($1) * $0) }
        case .llama3(let factor, let low, let high, let context):
            return plain.map(Double.init).map { frequency in
                let rotations = context * frequency / (2 * .pi)
                let share = min(max((rotations - low) / (high - low), 0), 1)
                return Float(share * frequency + (1 - share) * frequency / factor)
            }
        case .yarn(let factor, let context, let fast, let slow, let roundsBorders, _):
            // The pair that makes so many rotations in the original context.
            func pair(rotations: Double) -> Double {
                Double(dimension) * log(context / (rotations * 2 * .pi)) / (2 * log(base))
            }
            let (first, last) = (pair(rotations: fast), pair(rotations: slow))
            let low = max(roundsBorders ? first.rounded(.down) : first, 0)
            var high = min(roundsBorders ? last.rounded(.up) : last, Double(dimension - 1))
            if high == low { high += 0.001 }
            return plain.map(Double.init).enumerated().map { index, frequency in
                let stretched = min(max((Double(index) - low) / (high - low), 0), 1)
                return Float((1 - stretched) * frequency + stretched * frequency / factor)
            }
        }
    }

    /// What cosines and sines are multiplied by.
    var amplitude: Double {
        switch scaling {
        case .none, .linear, .llama3: 1
        case .yarn(_, _, _, _, _, let amplitude), .divisors(_, let amplitude): amplitude
        }
    }

    /// YaRN's own choice of the amplitude.
    static func yarnAmplitude(factor: Double, weight: Double = 1) -> Double {
        factor <= 1 ? 1 : 0.1 * weight * log(factor) + 1
    }
}
