import CKernels
import Foundation

/// Cosines and sines of the rotary position embedding (Su et al., arXiv 2104.09864), for the positions asked for so far.
final class RotaryTable {
    /// Radians per position, one for each rotated pair.
    private let frequencies: [Float]
    /// What cosines and sines are multiplied by.
    private let amplitude: Double
    private var cosines = FloatBuffer(count: 0)
    private var sines = FloatBuffer(count: 0)
    private var positionCount = 0

    init(frequencies: [Float], amplitude: Double = 1) {
        (self.frequencies, self.amplitude) = (frequencies, amplitude)
    }

    /// The angles for heads of `headDimension` components, valid until a larger position is asked for.
    func table(covering positions: ArraySlice<Int32>, headDimension: Int) -> legend_rotary {
        precondition(2 * frequencies.count <= headDimension, "more rotated components than a head has")
        precondition(positions.allSatisfy { $0 >= 0 }, "a position before the first")
        if let last = positions.max(), Int(last) >= positionCount { grow(to: Int(last) + 1) }
        return legend_rotary(cosines: cosines.base, sines: sines.base, dimensions: Int32(2 * frequencies.count))
    }

    /// Angles of `0..<count` and of some positions more, so that growth is rare. Each is rounded to f32, as in the models'
    /// training.
    private func grow(to count: Int) {
        positionCount = max(count, min(2 * positionCount, count + 4096))
        cosines = FloatBuffer(count: positionCount * 2 * frequencies.count)
        sines = FloatBuffer(count: positionCount * 2 * frequencies.count)
        for position in 0..<positionCount {
            for (pair, frequency) in frequencies.enumerated() {
                let angle = Double(Float(position) * frequency)
                let first = 2 * (position * frequencies.count + pair)
                let (cosine, sine) = (Float(amplitude * cos(angle)), Float(amplitude * sin(angle)))
                cosines.base[first] = cosine
                cosines.base[first + 1] = cosine
                sines.base[first] = -sine
                sines.base[first + 1] = sine
            }
        }
    }
}
