import CKernels
import COneDNN

/// oneDNN's matmul through its C API, in f32 or bf16. Where the CPU has no bf16 instructions, bf16 means its numerics:
/// inputs rounded to bf16, multiplied and summed in f32.
final class OneDNNBackend: GEMMBackend {
    /// How operands are stored and multiplied.
    fileprivate enum Arithmetic {
        case f32
        case bf16Rounded  // f32 storage of bf16 values
        case bf16Native
    }

    fileprivate let arithmetic: Arithmetic
    fileprivate let engine: OneDNNEngine

    init(precision: Precision) throws {
        arithmetic = precision != .bf16 ? .f32 : legend_cpu_has_bf16() != 0 ? .bf16Native : .bf16Rounded
        legend_dnnl_use_one_thread()
        engine = try OneDNNEngine()
    }

    var identity: String {
        let version = dnnl_version().pointee
        let instructions =
            legend_dnnl_instructions().map { String(cString: $0) } ?? "isa-\(dnnl_get_effective_cpu_isa().rawValue)"
        let kind = arithmetic == .bf16Native ? "bf16 " : arithmetic == .bf16Rounded ? "bf16-rounded " : ""
        return "\(kind)onednn-\(version.major).\(version.minor).\(version.patch) \(instructions)"
    }

    var takesContiguousInput: Bool { true }

    var inputFormat: GEMMInput.Format { arithmetic.inputFormat }

    func pack(outputs: Int, inputs: Int, role: MatrixRole, fill: WeightRows) throws -> any PackedMatrix {
        legend_dnnl_use_one_thread()
        guard arithmetic != .bf16Native || inputs.isMultiple(of: 2) else {
            throw GEMMError(
                operation: "pack weights [\(outputs), \(inputs)] in bf16", status: "an odd number of inputs")
        }
        let values = FloatBuffer(count: outputs * inputs)
        try fill(0..<outputs, values.elements)
        let rows = GEMMInput(format: inputFormat, rows: outputs, width: inputs, isContiguous: true)
        rows.store(values, rows: 0..<outputs)
        return try OneDNNMatrix(
            engine: engine, arithmetic: arithmetic, outputs: outputs, inputs: inputs, rowMajor: rows.base)
    }

    func makeLane(rowsMax: Int, outputsMax: Int) throws -> any GEMMLane {
        try OneDNNLane(engine: engine, arithmetic: arithmetic, rowsMax: rowsMax, outputsMax: outputsMax)
    }
}

extension OneDNNBackend.Arithmetic {
    fileprivate var storage: dnnl_data_type_t { self == .bf16Native ? dnnl_bf16 : dnnl_f32 }

    fileprivate var inputFormat: GEMMInput.Format {
        switch self {
        case .f32: .f32
        case .bf16Rounded: .f32RoundedToBF16
        case .bf16Native: .bf16
        }
    }
}

/// oneDNN's CPU engine. `@unchecked Sendable`: oneDNN's engines may be used from several threads.
private final class OneDNNEngine: @unchecked Sendable {
    let handle: dnnl_engine_t

    init() throws { handle = try created("create an engine") { dnnl_engine_create(&$0, dnnl_cpu, 0) } }

    deinit { dnnl_engine_destroy(handle) }
}

/// The description of one product `[m, k] · [k, n]`, and the owner of its layouts.
private struct OneDNNDescription: ~Copyable {
    let handle: dnnl_primitive_desc_t

    init(
        engine: OneDNNEngine, type: dnnl_data_type_t, rows: Int, outputs: Int, inputs: Int, weights: legend_dnnl_layout?
    ) throws {
        handle = try created("describe the product [\(rows), \(inputs)] · [\(inputs), \(outputs)]") {
            legend_dnnl_matmul_describe(
                &$0, engine.handle, type, Int64(rows), Int64(outputs), Int64(inputs), weights)
        }
    }

    deinit { dnnl_primitive_desc_destroy(handle) }

    var weights: legend_dnnl_layout { legend_dnnl_weights_layout(handle)! }
}

/// An operand's memory object, over memory that someone else owns.
private struct OneDNNMemory: ~Copyable {
    let handle: dnnl_memory_t

    init(engine: OneDNNEngine, layout: legend_dnnl_layout, data: UnsafeMutableRawPointer?) throws {
        handle = try created("create a memory object") { dnnl_memory_create(&$0, layout, engine.handle, data) }
    }

    deinit { dnnl_memory_destroy(handle) }

    func point(to data: UnsafeMutableRawPointer) throws {
        try check(dnnl_memory_set_data_handle(handle, data), "set a memory object's data")
    }
}

/// Weights in the layout that oneDNN asked for. `@unchecked Sendable`: nothing writes them once the matrix exists.
private final class OneDNNMatrix: PackedMatrix, @unchecked Sendable {
    let outputs: Int
    let inputs: Int
    /// Owns the layout, which every number of rows then uses.
    let description: OneDNNDescription
    let memory: OneDNNMemory
    private let storage: FloatBuffer
    var bytes: Int { storage.count * MemoryLayout<Float>.stride }

    /// The number of rows that the layout is asked for.
    private static let typicalRows = 512

    init(
        engine: OneDNNEngine, arithmetic: OneDNNBackend.Arithmetic, outputs: Int, inputs: Int,
        rowMajor: UnsafeMutableRawPointer
    ) throws {
        self.outputs = outputs
        self.inputs = inputs
        description = try OneDNNDescription(
            engine: engine, type: arithmetic.storage, rows: Self.typicalRows, outputs: outputs, inputs: inputs,
            weights: nil)
        let bytes = dnnl_memory_desc_get_size(description.weights)
        storage = FloatBuffer(count: (bytes + MemoryLayout<Float>.stride - 1) / MemoryLayout<Float>.stride)
        memory = try OneDNNMemory(engine: engine, layout: description.weights, data: storage.base)
        try check(
            legend_dnnl_pack(
                engine.handle, arithmetic.storage, Int64(outputs), Int64(inputs), rowMajor, description.weights,
                memory.handle),
            "pack weights [\(outputs), \(inputs)]")
    }
}

/// One prepared product of a fixed number of rows.
private final class OneDNNProduct {
    private let primitive: dnnl_primitive_t
    private let source: OneDNNMemory
    private let destination: OneDNNMemory

    init(engine: OneDNNEngine, type: dnnl_data_type_t, rows: Int, weights: OneDNNMatrix) throws {
        let description = try OneDNNDescription(
            engine: engine, type: type, rows: rows, outputs: weights.outputs, inputs: weights.inputs,
            weights: weights.description.weights)
        source = try OneDNNMemory(engine: engine, layout: legend_dnnl_source_layout(description.handle)!, data: nil)
        destination = try OneDNNMemory(
            engine: engine, layout: legend_dnnl_destination_layout(description.handle)!, data: nil)
        primitive = try created("create a product") { dnnl_primitive_create(&$0, description.handle) }
    }

    deinit { dnnl_primitive_destroy(primitive) }

    func run(_ a: GEMMInput, _ weights: OneDNNMatrix, into c: FloatBuffer, stream: dnnl_stream_t) throws {
        try source.point(to: a.base)
        try destination.point(to: c.base)
        let status = legend_dnnl_execute(
            primitive, stream, source.handle, weights.memory.handle, destination.handle)
        try check(status, "multiply by weights [\(weights.outputs), \(weights.inputs)]")
    }
}

private final class OneDNNLane: GEMMLane {
    /// A product's place in the cache: rows, outputs, inputs.
    private struct Shape: Hashable {
        let rows: Int
        let outputs: Int
        let inputs: Int
    }

    private let engine: OneDNNEngine
    private let arithmetic: OneDNNBackend.Arithmetic
    private let stream: dnnl_stream_t
    private let gated = GatedActivation()
    private let kernels = Kernels()
    private var products: [Shape: OneDNNProduct] = [:]
    /// `C` of one product, of a whole number of buckets.
    private let result: FloatBuffer

    init(engine: OneDNNEngine, arithmetic: OneDNNBackend.Arithmetic, rowsMax: Int, outputsMax: Int) throws {
        legend_dnnl_use_one_thread()
        self.engine = engine
        self.arithmetic = arithmetic
        stream = try created("create a stream") {
            dnnl_stream_create(&$0, engine.handle, UInt32(dnnl_stream_default_flags.rawValue))
        }
        result = FloatBuffer(count: GEMMRows.roundedUp(rowsMax) * outputsMax)
    }

    deinit { dnnl_stream_destroy(stream) }

    func multiply(_ a: GEMMInput, rows: Int, by weights: any PackedMatrix, into c: MatrixRows, adding: Bool) throws {
        c.check(rows: rows, width: weights.outputs)
        try multiply(a, rows: rows, by: weights)
        for row in 0..<rows {
            let source = result[row * weights.outputs, count: weights.outputs]
            let target = UnsafeMutableBufferPointer(start: c.base + row * c.stride, count: weights.outputs)
            if adding { kernels.add(source, to: target) } else { _ = target.update(fromContentsOf: source) }
        }
    }

    func multiplyGated(
        _ a: GEMMInput, rows: Int, by weights: any PackedMatrix, activation: Activation, into out: GEMMInput
    ) throws {
        precondition(2 * out.width == weights.outputs, "the output has another width")
        try multiply(a, rows: rows, by: weights)
        gated.apply(activation, to: result, rows: rows, into: out)
    }

    /// `result[rows, outputs] = a · weightsᵀ`; rows up to the end of the bucket mean nothing.
    private func multiply(_ a: GEMMInput, rows: Int, by weights: any PackedMatrix) throws {
        guard let weights = weights as? OneDNNMatrix else { preconditionFailure("weights of another backend") }
        let padded = GEMMRows.roundedUp(rows)
        precondition(a.width == weights.inputs, "the input has another width")
        precondition(padded * weights.outputs <= result.count, "product exceeds buffer")
        precondition(a.format == arithmetic.inputFormat && a.stride == a.wordsPerRow, "an input of another form")
        a.check(rows: padded)
        try product(rows: padded, weights).run(a, weights, into: result, stream: stream)
    }

    private func product(rows: Int, _ weights: OneDNNMatrix) throws -> OneDNNProduct {
        let shape = Shape(rows: rows, outputs: weights.outputs, inputs: weights.inputs)
        if let product = products[shape] { return product }
        let product = try OneDNNProduct(engine: engine, type: arithmetic.storage, rows: rows, weights: weights)
        products[shape] = product
        return product
    }
}

/// The handle that `create` writes.
private func created(_ operation: String, _ create: (inout OpaquePointer?) -> dnnl_status_t) throws -> OpaquePointer {
    var handle: OpaquePointer?
    try check(create(&handle), operation)
    guard let handle else { throw GEMMError(operation: operation, status: "success without a handle") }
    return handle
}

private func check(_ status: dnnl_status_t, _ operation: String) throws {
    guard status == dnnl_success else {
        throw GEMMError(operation: operation, status: String(cString: dnnl_status2str(status)))
    }
}
