import CKernels
import COpenBLAS

/// CBLAS through OpenBLAS: f32, or bf16 numerics (inputs rounded to bf16, multiplied and summed in f32).
struct BLASBackend: GEMMBackend {
    let roundsToBF16: Bool

    init(precision: Precision) {
        openblas_set_num_threads(1)  // a lane is one thread; this setting is the process's
        roundsToBF16 = precision == .bf16
    }

    var identity: String {
        let words = String(cString: openblas_get_config()).split(separator: " ")
        let version = words.count > 1 && words[0] == "OpenBLAS" ? words[1] : "unknown"
        return "openblas-\(version) \(String(cString: openblas_get_corename()))"
    }

    func pack(
        outputs: Int, inputs: Int, fill: (UnsafeMutableBufferPointer<Float>) throws -> Void
    ) throws -> any PackedMatrix {
        let values = FloatBuffer(count: outputs * inputs)
        try fill(values.elements)
        if roundsToBF16 { Kernels().roundToBF16(values, count: values.count) }
        return BLASMatrix(outputs: outputs, inputs: inputs, values: values)
    }

    func makeLane(rowsMax: Int, inputsMax: Int) -> any GEMMLane { BLASLane(roundsToBF16: roundsToBF16) }
}

/// Row-major weights. `@unchecked Sendable`: nothing writes `values` once the matrix exists.
private final class BLASMatrix: PackedMatrix, @unchecked Sendable {
    let outputs: Int
    let inputs: Int
    let values: FloatBuffer

    init(outputs: Int, inputs: Int, values: FloatBuffer) {
        self.outputs = outputs
        self.inputs = inputs
        self.values = values
    }
}

private final class BLASLane: GEMMLane {
    let roundsToBF16: Bool
    let kernels = Kernels()

    init(roundsToBF16: Bool) { self.roundsToBF16 = roundsToBF16 }

    func multiply(_ a: FloatBuffer, rows: Int, by weights: any PackedMatrix, into c: FloatBuffer) {
        guard let weights = weights as? BLASMatrix else { preconditionFailure("weights of another backend") }
        checkProduct(a, rows: rows, by: weights, into: c)
        if roundsToBF16 { kernels.roundToBF16(a, count: rows * weights.inputs) }
        let (m, n, k) = (Int32(rows), Int32(weights.outputs), Int32(weights.inputs))
        cblas_sgemm(
            CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1, a.base, k, weights.values.base, k, 0, c.base, n)
    }
}
