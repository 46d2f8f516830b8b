import CKernels

/// The products of `CKernels`: f32, bf16 and int8, on whatever instructions the CPU has. A row's result does not depend
/// on the rows around it.
struct NativeBackend: GEMMBackend {
    private let format: legend_gemm_format
    private let gemm: legend_gemm

    init(precision: Precision) {
        format =
            switch precision {
            case .automatic, .f32: legend_gemm_f32
            case .bf16: legend_gemm_bf16
            case .int8: legend_gemm_int8
            }
        gemm = legend_gemm_best().pointee
    }

    var identity: String { "native \(String(cString: gemm.name))" }

    var takesContiguousInput: Bool { false }

    var inputFormat: GEMMInput.Format {
        switch format {
        case legend_gemm_bf16: .bf16
        case legend_gemm_int8: .int8
        default: .f32
        }
    }

    func pack(outputs: Int, inputs: Int, role: MatrixRole, fill: WeightRows) throws -> any PackedMatrix {
        guard format != legend_gemm_int8 || inputs <= Int(LEGEND_GEMM_INT8_INPUTS) else {
            throw GEMMError(
                operation: "pack weights [\(outputs), \(inputs)] in int8",
                status: "more than \(LEGEND_GEMM_INT8_INPUTS) inputs")
        }
        let matrix = NativeMatrix(
            outputs: outputs, inputs: inputs, role: role, format: inputFormat, words: format)
        let panel = Int(LEGEND_PANEL)
        let weights = FloatBuffer(count: panel * inputs)
        // Converted as what they are multiplied by is; rotated alike, too, which undoes its rotation.
        let words = GEMMInput(format: inputFormat, rows: panel, width: inputs, isContiguous: false)
        for index in 0..<matrix.panelCount {
            // Outputs that do not exist stay as they are: nobody reads their sums.
            switch role {
            case .linear:
                let rows = index * panel..<min((index + 1) * panel, outputs)
                try fill(rows, weights[0, count: rows.count * inputs])
            case .gated:
                let (half, width) = (panel / 2, outputs / 2)
                let rows = index * half..<min((index + 1) * half, width)
                try fill(rows, weights[0, count: rows.count * inputs])
                try fill(
                    rows.lowerBound + width..<rows.upperBound + width,
                    weights[half * inputs, count: rows.count * inputs])
            }
            words.store(weights, rows: 0..<panel)
            precondition(words.stride >= matrix.depth, "rows of words that are shorter than the panel")
            words.check(rows: panel)
            legend_gemm_pack_panel(
                words.base, Int64(words.stride), Int64(matrix.depth), format, matrix.words + index * matrix.panelWords)
            if format == legend_gemm_int8 {
                // Two rotations multiply by the block's size.
                let square = Float(GEMMInput.rotationBlock(width: inputs))
                for row in 0..<panel { matrix.scales[index * panel + row] = words.rowScales[row] / square }
            }
        }
        return matrix
    }

    func makeLane(rowsMax: Int, outputsMax: Int) -> any GEMMLane { NativeLane(multiply: multiply) }

    private var multiply: @convention(c) (UnsafePointer<legend_product>) -> Void {
        switch format {
        case legend_gemm_bf16: gemm.multiply_bf16
        case legend_gemm_int8: gemm.multiply_int8
        default: gemm.multiply_f32
        }
    }
}

/// Weights in panels. `@unchecked Sendable`: nothing writes them once `pack` has returned.
private final class NativeMatrix: PackedMatrix, @unchecked Sendable {
    let outputs: Int
    let inputs: Int
    let role: MatrixRole
    /// Of what they are multiplied with.
    let format: GEMMInput.Format
    let depth: Int
    let panelCount: Int
    private let storage: FloatBuffer
    private let scaleStorage: FloatBuffer

    init(
        outputs: Int, inputs: Int, role: MatrixRole, format: GEMMInput.Format, words wordFormat: legend_gemm_format
    ) {
        self.format = format
        self.outputs = outputs
        self.inputs = inputs
        self.role = role
        depth = Int(legend_gemm_depth(wordFormat, Int64(inputs)))
        panelCount = (outputs + Int(LEGEND_PANEL) - 1) / Int(LEGEND_PANEL)
        storage = FloatBuffer(count: panelCount * depth * Int(LEGEND_PANEL))
        scaleStorage = FloatBuffer(count: panelCount * Int(LEGEND_PANEL))
    }

    var bytes: Int { (storage.count + scaleStorage.count) * MemoryLayout<Float>.stride }
    var panelWords: Int { depth * Int(LEGEND_PANEL) }
    var words: UnsafeMutablePointer<UInt32> { storage.words }
    var scales: UnsafeMutablePointer<Float> { scaleStorage.base }
}

private final class NativeLane: GEMMLane {
    private let multiply: @convention(c) (UnsafePointer<legend_product>) -> Void
    init(multiply: @escaping @convention(c) (UnsafePointer<legend_product>) -> Void) { self.multiply = multiply }

    func multiply(_ a: GEMMInput, rows: Int, by weights: any PackedMatrix, into c: MatrixRows, adding: Bool) {
        c.check(rows: rows, width: weights.outputs)
        run(
            a, rows: rows, by: weights, store: adding ? legend_gemm_add : legend_gemm_replace, nil, into: c.base,
            stride: c.stride)
    }

    func multiplyGated(
        _ a: GEMMInput, rows: Int, by weights: any PackedMatrix, activation: Activation, into out: GEMMInput
    ) {
        precondition(2 * out.width == weights.outputs, "the output has another width")
        out.check(rows: rows)
        switch out.format {
        case .bf16:
            run(
                a, rows: rows, by: weights, store: legend_gemm_gated_bf16, activation, into: out.base,
                stride: 2 * out.stride)
        case .f32:
            run(
                a, rows: rows, by: weights, store: legend_gemm_gated, activation, into: out.base, stride: out.stride)
        case .int8, .f32RoundedToBF16:
            // A row's scale is known once all of it is.
            let activated = activated(rows: rows, width: out.width)
            run(
                a, rows: rows, by: weights, store: legend_gemm_gated, activation, into: activated.base,
                stride: out.width)
            out.store(activated, rows: 0..<rows)
        }
    }

    private var activatedBuffer = FloatBuffer(count: 0)

    private func activated(rows: Int, width: Int) -> FloatBuffer {
        if activatedBuffer.count < rows * width { activatedBuffer = FloatBuffer(count: rows * width) }
        return activatedBuffer
    }

    /// - Parameter activation: of the gated stores.
    private func run(
        _ a: GEMMInput, rows: Int, by weights: any PackedMatrix, store: legend_gemm_store, _ activation: Activation?,
        into c: UnsafeMutableRawPointer, stride: Int
    ) {
        guard let weights = weights as? NativeMatrix, (weights.role == .gated) == (activation != nil) else {
            preconditionFailure("weights that were packed for something else")
        }
        precondition(a.width == weights.inputs && a.format == weights.format, "an input of another form")
        precondition(a.stride >= weights.depth, "rows of the input that are shorter than the weights'")
        precondition(Int(bitPattern: weights.words) % FloatBuffer.alignment == 0, "panels that are not aligned")
        a.check(rows: rows)
        var product = legend_product(
            rows: Int64(rows), outputs: Int64(weights.outputs), depth: Int64(weights.depth), a: a.base,
            a_stride: Int64(a.stride), a_scales: a.rowScales, a_offsets: a.rowOffsets, b: weights.words,
            b_scales: weights.scales, store: store,
            activation: (activation ?? .silu).kernel, c: c, c_stride: Int64(stride))
        multiply(&product)
    }
}
