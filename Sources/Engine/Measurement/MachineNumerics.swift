import CKernels
import Foundation
import Synchronization

/// What this machine computes fastest in, measured in some milliseconds. The CPU's flags do not say: one multiplies
/// bfloat16 twice as fast as f32, another, with the same instructions, half as fast.
public struct MachineNumerics: Hashable, Sendable {
    /// `f32` or `bf16`.
    public let precision: Precision
    /// `f32` or `bf16`, for a precision that is not `f32`.
    public let attention: AttentionPrecision
    /// How many times as fast as in f32 the products are in bf16, on one thread.
    public let productRatio: Double
    /// How many times as fast as in f32 attention is in bf16; 1 where the CPU does not attend in bf16.
    public let attentionRatio: Double

    /// The time that attention takes of an embedding in f32, about; the rest counts as products.
    private static let attentionShare = 0.05

    /// What is faster by less is not worth its rounding: f32 is taken.
    private static let least = 1.02

    init(productRatio: Double, attentionRatio: Double) {
        self.productRatio = productRatio
        self.attentionRatio = attentionRatio
        attention = attentionRatio > Self.least ? .bf16 : .f32
        let seconds = (1 - Self.attentionShare) / productRatio + Self.attentionShare / max(attentionRatio, 1)
        precision = productRatio > 1 && 1 / seconds > Self.least ? .bf16 : .f32
    }

    /// For a person.
    public var reason: String {
        func times(_ ratio: Double) -> String { String(format: "%.2f", ratio) }
        return """
            bf16 is \(times(productRatio)) times as fast as f32 in matrix products, \(times(attentionRatio)) times in \
            attention
            """
    }

    /// Measured once in a process.
    ///
    /// - Throws: `GEMMError`.
    public static func measured(backend: Backend) throws -> MachineNumerics {
        // It only rounds to bf16.
        if backend == .blas { return MachineNumerics(productRatio: 1, attentionRatio: try attentionRatio.get()) }
        let backends = [Precision.f32, .bf16].map(backend.resolved)
        return try known.withLock { known in
            if let numerics = known[backends] { return numerics }
            let products = try zip([Precision.f32, .bf16], backends).map { try Product($0, $1) }
            let seconds = try best(products.map { product in { try product.run() } })
            let numerics = MachineNumerics(
                productRatio: seconds[0] / seconds[1], attentionRatio: try attentionRatio.get())
            known[backends] = numerics
            return numerics
        }
    }

    /// By what multiplies f32 and what bf16.
    private static let known = Mutex<[[Backend]: MachineNumerics]>([:])

    fileprivate static let attentionRatio: Result<Double, any Error> = Result {
        guard Kernels().attendsInBF16 else { return 1 }
        let attentions = [KeyValueStore.Format.f32, .bf16].map { Attention($0) }
        let seconds = try best(attentions.map { attention in { attention.run() } })
        return seconds[0] / seconds[1]
    }

    // MARK: Measuring

    /// The least seconds of each of several things to do, which take turns: what else the machine does disturbs all of
    /// them, and none of them always.
    private static func best(_ works: [() throws -> Void]) throws -> [Double] {
        var best = try works.map { try seconds($0) }
        // A CPU that takes so long has no time for more, and its first run tells enough.
        let rounds = best.reduce(0, +) > 0.1 ? 1 : 4
        best = Array(repeating: .infinity, count: works.count)
        for _ in 0..<rounds {
            for (index, work) in works.enumerated() { best[index] = min(best[index], try seconds(work)) }
        }
        return best
    }

    /// Of this thread's own time: what others have of the processor does not count.
    private static func seconds(_ work: () throws -> Void) rethrows -> Double {
        func now() -> Double {
            var time = timespec()
            clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
            return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
        }
        let start = now()
        try work()
        return max(now() - start, 1e-9)
    }
}

extension Precision {
    /// `f32` or `bf16` in place of `automatic`.
    ///
    /// - Throws: `GEMMError`.
    func resolved(for backend: Backend) throws -> Precision {
        self == .automatic ? try MachineNumerics.measured(backend: backend).precision : self
    }
}

extension AttentionPrecision {
    /// `f32` or `bf16` in place of `automatic`.
    func resolved() throws -> AttentionPrecision {
        guard self == .automatic else { return self }
        return MachineNumerics(productRatio: 1, attentionRatio: try MachineNumerics.attentionRatio.get()).attention
    }
}

/// A product as a model has it: its weights, 4 MiB in f32, are larger than what a core has of caches for itself.
private struct Product {
    private static let (rows, inputs, outputs) = (48, 1024, 1024)

    private let lane: any GEMMLane
    private let weights: any PackedMatrix
    private let input: GEMMInput
    private let result: FloatBuffer

    init(_ precision: Precision, _ backend: Backend) throws {
        let gemm = try backend.open(precision)
        weights = try gemm.pack(outputs: Self.outputs, inputs: Self.inputs, role: .linear) { rows, values in
            for index in 0..<rows.count * Self.inputs { values[index] = Float(index % 17 - 8) / 64 }
        }
        lane = try gemm.makeLane(rowsMax: Self.rows, outputsMax: Self.outputs)
        input = GEMMInput(
            format: gemm.inputFormat, rows: Self.rows, width: Self.inputs, isContiguous: gemm.takesContiguousInput)
        let values = FloatBuffer(count: Self.rows * Self.inputs)
        for index in 0..<values.count { values.base[index] = Float(index % 23 - 11) / 8 }
        input.store(values, rows: 0..<Self.rows)
        result = FloatBuffer(count: Self.rows * Self.outputs)
    }

    func run() throws {
        try lane.multiply(
            input, rows: Self.rows, by: weights, into: MatrixRows(result, width: Self.outputs), adding: false)
    }
}

/// Causal attention of one text to itself.
private struct Attention {
    private static let (rows, heads, keyValueHeads, headDimension) = (192, 6, 2, 64)

    private let kernels = Kernels()
    private let store: KeyValueStore
    private let query: FloatBuffer
    private let scratch: FloatBuffer
    private let result: FloatBuffer
    private let slotEnds = (1...Int32(rows)).map { $0 }

    init(_ format: KeyValueStore.Format) {
        store = KeyValueStore(
            heads: Self.heads, keyValueHeads: Self.keyValueHeads, headDimension: Self.headDimension, format: format,
            rows: Self.rows)
        query = Self.numbers(Self.rows * Self.heads * Self.headDimension)
        scratch = FloatBuffer(count: Int(legend_attention_scratch(Int32(Self.headDimension))))
        result = FloatBuffer(count: query.count)
        let width = 2 * Self.keyValueHeads * Self.headDimension
        let rotary = RotaryTable(frequencies: (0..<Self.headDimension / 2).map { pow(10_000, -Float($0) / 32) })
        kernels.rotateAndStoreKeys(
            MatrixRows(Self.numbers(Self.rows * width), width: width), slots: 0..<Self.rows,
            positions: (0..<Int32(Self.rows)).map { $0 }[...], rotary: rotary, in: store)
    }

    private static func numbers(_ count: Int) -> FloatBuffer {
        let numbers = FloatBuffer(count: count)
        for index in 0..<count { numbers.base[index] = Float(index % 29 - 14) / 32 }
        return numbers
    }

    func run() {
        kernels.attend(
            MatrixRows(query, width: Self.heads * Self.headDimension), slotEnds: slotEnds[...],
            attended: [legend_row_range(first: 0, end: Int32(Self.rows))], in: store,
            rules: legend_attention_rules(cap: 0, window: 0), scratch: scratch,
            into: result.elements)
    }
}
