internal import Foundation

/// Where numbers lie in a drawing.
struct Axis: Hashable, Sendable {
    let range: ClosedRange<Double>

    /// Coordinates of the range's bounds; the first may be the larger one.
    let start: Double
    let end: Double

    /// Between the numbers that are written at the axis: 1, 2 or 5 times a power of ten.
    let step: Double

    /// - Parameters:
    ///   - range: the axis ends with it where its bounds are multiples of the step, else at the next ones.
    ///   - ticksMax: how many numbers are written there at most, about.
    init(covering range: ClosedRange<Double>, from start: Double, to end: Double, ticksMax: Int = 6) {
        // The width of the largest numbers is finite, too.
        let limit = Double.greatestFiniteMagnitude / 16
        let (least, largest) = (min(max(range.lowerBound, -limit), limit), min(max(range.upperBound, -limit), limit))
        let step = max(
            Self.step(of: largest - least, parts: ticksMax), max(abs(least), abs(largest)) * Self.relativeStepMin)
        self.step = step
        let low = Self.multiple(of: step, below: least)
        let high = -Self.multiple(of: step, below: -largest)
        self.range = low...max(high, low + step)
        self.start = start
        self.end = end
    }

    /// - Returns: the axis' end for a number beyond it; its start for what is no number.
    func position(_ value: Double) -> Double {
        guard !value.isNaN else { return start }
        let share = (value - range.lowerBound) / (range.upperBound - range.lowerBound)
        return start + min(max(share, 0), 1) * (end - start)
    }

    /// Of the numbers at the axis: finer steps are lost in the rounding of what is beside them.
    private static let relativeStepMin = 1e-12

    /// Multiples of the step.
    var ticks: [Double] {
        let count = Int(min((range.upperBound - range.lowerBound) / step, 100).rounded())
        let digits = max(0, Int(-log10(step).rounded(.down)) + 1)
        return (0...count).map { (range.lowerBound + Double($0) * step).rounded(toPlaces: min(digits, 12)) + 0 }
    }

    /// The least of 1, 2 and 5 times a power of ten of which at most so many make up the width.
    static func step(of width: Double, parts: Int) -> Double {
        let wanted = width / Double(parts)
        guard wanted > 0, wanted.isFinite else { return 1 }
        let power = pow(10, log10(wanted).rounded(.down))
        // Below the least number there is no power of ten left.
        guard power > 0 else { return wanted }
        return ([1, 2, 5].first { $0 * power >= wanted * 0.999_999 } ?? 10) * power
    }

    /// The largest multiple of the step that is not above the value, but for what rounding adds.
    static func multiple(of step: Double, below value: Double) -> Double {
        let multiple = (value / step + 1e-9).rounded(.down) * step
        return multiple.isFinite ? multiple : value
    }
}
