import CKernels
import COpenBLAS

/// CBLAS through OpenBLAS: f32, or bf16 numerics (inputs rounded to bf16, multiplied and summed in f32).
struct BLASBackend: GEMMBackend {
    private let roundsToBF16: Bool

    init(precision: Precision) {
        openblas_set_num_threads(1)  // a lane is one thread; this setting is the process's
        roundsToBF16 = precision == .bf16
    }

    var identity: String {
        let words = String(cString: openblas_get_config()).split(separator: " ")
        let version = words.count > 1 && words[0] == "OpenBLAS" ? words[1] : "unknown"
        return "openblas-\(version) \(String(cString: openblas_get_corename()))"
    }

    var takesContiguousInput: Bool { true }

    var inputFormat: GEMMInput.Format { roundsToBF16 ? .f32RoundedToBF16 : .f32 }

    func pack(outputs: Int, inputs: Int, role: MatrixRole, fill: WeightRows) throws -> any PackedMatrix {
        let values = FloatBuffer(count: outputs * inputs)
        try fill(0..<outputs, values.elements)
        if roundsToBF16 { Kernels().roundToBF16(values.elements, into: values.elements) }
        return BLASMatrix(outputs: outputs, inputs: inputs, values: values)
    }

    func makeLane(rowsMax: Int, outputsMax: Int) -> any GEMMLane {
        BLASLane(rowsMax: rowsMax, outputsMax: outputsMax)
    }
}

/// Row-major weights. `@unchecked Sendable`: nothing writes `values` once the matrix exists.
private final class BLASMatrix: PackedMatrix, @unchecked Sendable {
    let outputs: Int
    let inputs: Int
    let values: FloatBuffer
    var bytes: Int { values.count * MemoryLayout<Float>.stride }

    init(outputs: Int, inputs: Int, values: FloatBuffer) {
        self.outputs = outputs
        self.inputs = inputs
        self.values = values
    }
}

private final class BLASLane: GEMMLane {
    private let gateUp: FloatBuffer
    private let gated = GatedActivation()

    init(rowsMax: Int, outputsMax: Int) { gateUp = FloatBuffer(count: rowsMax * outputsMax) }

    func multiply(_ a: GEMMInput, rows: Int, by weights: any PackedMatrix, into c: MatrixRows, adding: Bool) {
        guard let weights = weights as? BLASMatrix else { preconditionFailure("weights of another backend") }
        precondition(a.width == weights.inputs, "the input has another width")
        a.check(rows: rows)
        c.check(rows: rows, width: weights.outputs)
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, Int32(rows), Int32(weights.outputs), Int32(weights.inputs), 1,
            a.floats.base, Int32(a.stride), weights.values.base, Int32(weights.inputs), adding ? 1 : 0, c.base,
            Int32(c.stride))
    }

    func multiplyGated(
        _ a: GEMMInput, rows: Int, by weights: any PackedMatrix, activation: Activation, into out: GEMMInput
    ) {
        precondition(2 * out.width == weights.outputs, "the output has another width")
        multiply(a, rows: rows, by: weights, into: MatrixRows(gateUp, width: weights.outputs), adding: false)
        gated.apply(activation, to: gateUp, rows: rows, into: out)
    }
}
