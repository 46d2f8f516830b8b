extension ForwardPass {
    /// `x[rows] += norm(feedForward(normedInput))`, for the normalised states in the first rows of `normedInput`.
    func feedForward(_ block: TransformerModel.Block, _ rows: Range<Int>) throws {
        let down: TransformerModel.Linear
        switch block.feedForward {
        case .gated(let gateUp, let layer):
            down = layer
            try clock.measure(\.gemm) {
                try gemm.multiplyGated(
                    scratch.normedInput, rows: rows.count, by: gateUp, activation: configuration.activation,
                    into: scratch.activated)  // [rows, feed-forward]
            }
        case .gatedWithBias(let gateUp, let layer):
            down = layer
            try multiply(by: gateUp, rows.count)  // [rows, 2 * feed-forward]
            clock.measure(\.elementwise) {
                GatedActivation().apply(
                    configuration.activation, to: scratch.hiddenUnits, rows: rows.count, into: scratch.activated)
            }
        case .experts(let router, let experts):
            return try mixture(router, experts, rows)
        case .plain(let up, let layer):
            down = layer
            try multiply(by: up, rows.count)  // [rows, feed-forward]
            clock.measure(\.elementwise) {
                kernels.activate(
                    configuration.activation, scratch.hiddenUnits[0, count: rows.count * up.matrix.outputs])
                scratch.activated.store(scratch.hiddenUnits, rows: 0..<rows.count)
            }
        }
        try addProduct(scratch.activated, by: down, normedBy: block.feedForwardPostNorm, to: rows)
    }

    /// `hiddenUnits = normedInput · weightᵀ + bias`.
    private func multiply(by layer: TransformerModel.Linear, _ rows: Int) throws {
        let units = MatrixRows(scratch.hiddenUnits, width: layer.matrix.outputs)
        try clock.measure(\.gemm) {
            try gemm.multiply(scratch.normedInput, rows: rows, by: layer.matrix, into: units, adding: false)
        }
        clock.measure(\.elementwise) { add(layer.bias, to: units, rows: rows) }
    }
}
