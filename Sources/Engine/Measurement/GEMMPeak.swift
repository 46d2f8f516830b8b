/// How fast this machine multiplies matrices at best, to hold an engine's speed against.
public enum GEMMPeak {
    /// Shapes that libraries do well: `[inputs, outputs]` of the weights. They fit the caches more or less.
    private static let shapes = [(576, 3072), (1024, 1024), (2048, 2048)]
    private static let rows = 512
    /// Each thread multiplies in so many spans of so long with every shape; the fastest counts.
    private static let spans = 8
    private static let span = Duration.milliseconds(60)

    /// Operations (a multiplication and an addition are two) per second of `threads` threads that multiply at the same
    /// time, each for itself, with the same weights.
    ///
    /// - Throws: `GEMMError`.
    public static func operationsPerSecond(_ precision: Precision, backend: Backend, threads: Int) throws -> Double {
        let gemm = try backend.open(try precision.resolved(for: backend))
        return try shapes.map { inputs, outputs in
            let weights = try gemm.pack(outputs: outputs, inputs: inputs, role: .linear) { rows, values in
                for index in 0..<rows.count * inputs { values[index] = Float(index % 17 - 8) / 64 }
            }
            let rates = try parallelMap(count: threads, threads: threads) { _ in try best(gemm, weights) }
            return rates.reduce(0, +)
        }.max() ?? 0
    }

    /// The fastest span of one thread.
    private static func best(_ gemm: any GEMMBackend, _ weights: any PackedMatrix) throws -> Double {
        let lane = try gemm.makeLane(rowsMax: rows, outputsMax: weights.outputs)
        let input = GEMMInput(
            format: gemm.inputFormat, rows: rows, width: weights.inputs, isContiguous: gemm.takesContiguousInput)
        let values = FloatBuffer(count: rows * weights.inputs)
        for index in 0..<values.count { values.base[index] = Float(index % 23 - 11) / 8 }
        input.store(values, rows: 0..<rows)
        let result = FloatBuffer(count: rows * weights.outputs)
        let operations = 2 * Double(rows) * Double(weights.inputs) * Double(weights.outputs)
        return try (0...spans).map { _ in
            let start = ContinuousClock.now
            var (elapsed, products) = (Duration.zero, 0.0)
            while elapsed < span {
                try lane.multiply(
                    input, rows: rows, by: weights, into: MatrixRows(result, width: weights.outputs), adding: false)
                products += 1
                elapsed = ContinuousClock.now - start
            }
            return products * operations
                / (Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18)
        }.max() ?? 0
    }
}
