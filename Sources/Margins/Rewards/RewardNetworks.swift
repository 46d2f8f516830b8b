internal import Foundation
internal import SeededRandom

/// Small reward models, `r(h) = tanh(h W + b) · v`, that are trained on the same pairs side by side, each with margins of its
/// own in Bradley and Terry's loss, from the same random weights.
///
/// Stochastic gradient descent with Adam and decoupled weight decay (Loshchilov and Hutter, ICLR 2019), the rate falling to 0
/// along half a cosine. All of it is in single precision, in one order, on one thread: the same seed gives the same network.
struct RewardNetworks {
    /// Units of each network's hidden layer.
    let units: Int
    var count: Int { decays.count }

    /// `[networks · units, hidden]`, `[networks · units]` and `[networks · units]`, one after another.
    var parameters: [Float]
    private let hiddenSize: Int

    static let units = 16

    /// What a step takes off each network's weights, times the rate.
    private let decays: [Float]

    /// Passes over the pairs, pairs of a step, and the first rate.
    private static let (epochs, batch, rate) = (5, 32, Float(1e-3))

    /// - Parameter decays: of each network.
    init(decays: [Double], hiddenSize: Int, units: Int = RewardNetworks.units, seed: UInt64) {
        (self.decays, self.hiddenSize, self.units) = (decays.map { Float($0) }, hiddenSize, units)
        let count = decays.count
        var random = SeededGenerator(seed: seed)
        let bound = Float((3 / Double(hiddenSize)).squareRoot())
        let first = (0..<units * hiddenSize).map { _ in Float.random(in: -bound...bound, using: &random) }
        let outer = Float((3 / Double(units)).squareRoot())
        let second = (0..<units).map { _ in Float.random(in: -outer...outer, using: &random) }
        parameters = Array(repeatElement(first, count: count).joined())
        parameters += Array(repeating: 0, count: count * units)
        parameters += Array(repeatElement(second, count: count).joined())
    }

    private var allUnits: Int { count * units }
    private var biases: Int { allUnits * hiddenSize }
    private var outer: Int { biases + allUnits }

    /// - Parameters:
    ///   - rows: the pairs to train on.
    ///   - margins: of each network, for each of `rows`: `[networks][rows]`.
    mutating func train(on states: ResponseStates, rows: [Int], margins: [[Double]], seed: UInt64) {
        precondition(states.hiddenSize == hiddenSize && margins.count == count)
        var random = SeededGenerator(seed: seed ^ 0x5EED)
        var means = Array(repeating: Float(0), count: parameters.count)
        var squares = means
        let steps = Self.epochs * ((rows.count + Self.batch - 1) / Self.batch)
        var step = 0
        for _ in 0..<Self.epochs {
            let order = rows.indices.shuffled(using: &random)
            for start in stride(from: 0, to: order.count, by: Self.batch) {
                let batch = order[start..<min(start + Self.batch, order.count)]
                let gradient = gradient(
                    states, rows: batch.map { rows[$0] }, margins: margins.map { own in batch.map { Float(own[$0]) } })
                step += 1
                let rate = Self.rate * Float((1 + cos(Double.pi * Double(step - 1) / Double(steps))) / 2)
                descend(along: gradient, &means, &squares, step: step, rate: rate)
            }
        }
    }

    private mutating func descend(
        along gradient: [Float], _ means: inout [Float], _ squares: inout [Float], step: Int, rate: Float
    ) {
        let (first, second) = (Float(0.9), Float(0.999))
        let (firstBias, secondBias) = (1 - pow(first, Float(step)), 1 - pow(second, Float(step)))
        // Biases are no weights.
        for (network, decay) in decays.enumerated() {
            let (first, last) = (network * units, (network + 1) * units)
            for range in [first * hiddenSize..<last * hiddenSize, outer + first..<outer + last] {
                for index in range { parameters[index] *= 1 - rate * decay }
            }
        }
        for index in parameters.indices {
            let slope = gradient[index]
            means[index] = first * means[index] + (1 - first) * slope
            squares[index] = second * squares[index] + (1 - second) * slope * slope
            parameters[index] -=
                rate * (means[index] / firstBias) / ((squares[index] / secondBias).squareRoot() + 1e-8)
        }
    }

    /// The difference of rewards of each pair: `[networks][rows]`.
    func margins(of states: ResponseStates, rows: [Int]) -> [[Double]] {
        var margins = Array(repeating: [Double](), count: count)
        for start in stride(from: 0, to: rows.count, by: 256) {
            let pass = forward(states, rows: Array(rows[start..<min(start + 256, rows.count)]))
            for network in 0..<count { margins[network] += pass.margins[network].map(Double.init) }
        }
        return margins
    }
}

// MARK: - Forward and backward

extension RewardNetworks {
    private struct Pass {
        /// The states that were read: those of the preferred responses, then those of the others; `[2 · rows, hidden]`.
        var inputs: [Float]

        /// `[2 · rows, networks · units]`
        var activations: [Float]

        /// `[networks][rows]`
        var margins: [[Float]]
    }

    private func forward(_ states: ResponseStates, rows: [Int]) -> Pass {
        var inputs: [Float] = []
        inputs.reserveCapacity(2 * rows.count * hiddenSize)
        for values in [states.preferred, states.others] {
            for row in rows { inputs += values[row * hiddenSize..<(row + 1) * hiddenSize] }
        }
        var activations = rowProducts(
            of: inputs, with: parameters, columns: hiddenSize, otherRows: allUnits)
        for row in 0..<2 * rows.count {
            for unit in 0..<allUnits {
                let index = row * allUnits + unit
                activations[index] = tanh(activations[index] + parameters[biases + unit])
            }
        }
        let margins = (0..<count).map { network in
            rows.indices.map { row in
                reward(activations, row: row, network) - reward(activations, row: rows.count + row, network)
            }
        }
        return Pass(inputs: inputs, activations: activations, margins: margins)
    }

    private func reward(_ activations: [Float], row: Int, _ network: Int) -> Float {
        let (start, weights) = (row * allUnits + network * units, outer + network * units)
        return (0..<units).reduce(0) { $0 + activations[start + $1] * parameters[weights + $1] }
    }

    /// Of the networks' mean losses, by all parameters.
    ///
    /// - Parameter margins: `[networks][rows]`.
    func gradient(_ states: ResponseStates, rows: [Int], margins: [[Float]]) -> [Float] {
        let pass = forward(states, rows: rows)
        var gradient = Array(repeating: Float(0), count: parameters.count)
        // Of the losses by what comes before the activations, `[2 · rows, networks · units]`.
        var slopes = Array(repeating: Float(0), count: pass.activations.count)
        for network in 0..<count {
            for row in rows.indices {
                let excess = pass.margins[network][row] - margins[network][row]
                let slope = -1 / (1 + exp(excess)) / Float(rows.count)
                for (response, sign) in [(row, Float(1)), (rows.count + row, -1)] {
                    for unit in network * units..<(network + 1) * units {
                        let index = response * allUnits + unit
                        let activation = pass.activations[index]
                        gradient[outer + unit] += sign * slope * activation
                        slopes[index] = sign * slope * parameters[outer + unit] * (1 - activation * activation)
                        gradient[biases + unit] += slopes[index]
                    }
                }
            }
        }
        addCombinations(
            of: pass.inputs, weights: slopes, columns: hiddenSize, combinations: allUnits, to: &gradient)
        return gradient
    }
}

// MARK: - Products in single precision

/// `A Bᵀ` of rows `A` `[any, columns]` and the first rows of `B` `[otherRows, columns]`: `[any, otherRows]`.
private func rowProducts(of a: [Float], with b: [Float], columns: Int, otherRows: Int) -> [Float] {
    let rows = a.count / columns
    return Array(unsafeUninitializedCapacity: rows * otherRows) { products, count in
        a.withUnsafeBufferPointer { a in
            b.withUnsafeBufferPointer { b in
                // Four rows of B stay in the first-level cache while all of A passes.
                for top in stride(from: 0, to: otherRows, by: 4) {
                    for row in 0..<rows {
                        let left = a.baseAddress! + row * columns
                        let right = b.baseAddress! + top * columns
                        let height = min(4, otherRows - top)
                        let sums =
                            height == 4
                            ? fourProducts(left, right, columns)
                            : SIMD4<Float>(
                                (0..<4).map { $0 < height ? product(left, right + $0 * columns, columns) : 0 })
                        for offset in 0..<height {
                            products.initializeElement(at: row * otherRows + top + offset, to: sums[offset])
                        }
                    }
                }
            }
        }
        count = rows * otherRows
    }
}

@inline(__always)
private func fourProducts(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ columns: Int) -> SIMD4<Float> {
    var (sum0, sum1, sum2, sum3) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
    let (b1, b2, b3) = (b + columns, b + 2 * columns, b + 3 * columns)
    let whole = columns & ~7
    for column in stride(from: 0, to: whole, by: 8) {
        let left = eight(a + column)
        sum0 += left * eight(b + column)
        sum1 += left * eight(b1 + column)
        sum2 += left * eight(b2 + column)
        sum3 += left * eight(b3 + column)
    }
    var sums = SIMD4(sum0.sum(), sum1.sum(), sum2.sum(), sum3.sum())
    for column in whole..<columns {
        sums += a[column] * SIMD4(b[column], b1[column], b2[column], b3[column])
    }
    return sums
}

private func product(_ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ columns: Int) -> Float {
    (0..<columns).reduce(0) { $0 + a[$1] * b[$1] }
}

@inline(__always)
private func eight(_ start: UnsafePointer<Float>) -> SIMD8<Float> {
    UnsafeRawPointer(start).loadUnaligned(as: SIMD8<Float>.self)
}

/// Adds `Wᵀ X` to the beginning of `sums`: of rows `X` `[rows, columns]` and weights `[rows, combinations]` it is
/// `[combinations, columns]`.
private func addCombinations(
    of rows: [Float], weights: [Float], columns: Int, combinations: Int, to sums: inout [Float]
) {
    let count = rows.count / columns
    let (wholeColumns, wholeRows) = (columns & ~7, combinations & ~3)
    rows.withUnsafeBufferPointer { rows in
        weights.withUnsafeBufferPointer { weights in
            sums.withUnsafeMutableBufferPointer { sums in
                for column in stride(from: 0, to: wholeColumns, by: 8) {
                    for top in stride(from: 0, to: wholeRows, by: 4) {
                        var (sum0, sum1, sum2, sum3) = (SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>(), SIMD8<Float>())
                        for row in 0..<count {
                            let right = eight(rows.baseAddress! + row * columns + column)
                            let left = weights.baseAddress! + row * combinations + top
                            sum0 += left[0] * right
                            sum1 += left[1] * right
                            sum2 += left[2] * right
                            sum3 += left[3] * right
                        }
                        for (offset, sum) in [sum0, sum1, sum2, sum3].enumerated() {
                            for lane in 0..<8 { sums[(top + offset) * columns + column + lane] += sum[lane] }
                        }
                    }
                }
                for combination in 0..<combinations {
                    for column in combination < wholeRows ? wholeColumns..<columns : 0..<columns {
                        var sum = Float(0)
                        for row in 0..<count {
                            sum += weights[row * combinations + combination] * rows[row * columns + column]
                        }
                        sums[combination * columns + column] += sum
                    }
                }
            }
        }
    }
}
