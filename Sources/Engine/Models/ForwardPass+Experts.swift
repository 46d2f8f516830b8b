import Foundation

extension ForwardPass {
    /// `x[rows] += Σ weight · expert(states)` over the experts that the router chooses for each row, for the normalised
    /// states of the rows. The experts add their parts in ascending order: a row does not depend on the rows around it.
    func mixture(
        _ router: any PackedMatrix, _ experts: [TransformerModel.FeedForward.Expert], _ rows: Range<Int>
    ) throws {
        guard let scratch = scratch.experts, let kind = configuration.experts else {
            preconditionFailure("experts without scratch")
        }
        let hidden = configuration.hiddenSize
        clock.measure(\.elementwise) { scratch.routerInput.store(scratch.states, rows: 0..<rows.count) }
        try clock.measure(\.gemm) {
            try routerLane.multiply(
                scratch.routerInput, rows: rows.count, by: router,
                into: MatrixRows(scratch.logits, width: experts.count), adding: false)
        }
        let choices = clock.measure(\.elementwise) {
            (0..<rows.count).map { row in
                kind.choice(of: scratch.logits[row * experts.count, count: experts.count])
            }
        }
        for (index, expert) in experts.enumerated() {
            let chosen = choices.enumerated().compactMap { row, choice in
                choice.first { $0.expert == index }.map { (row: row, weight: $0.weight) }
            }
            guard !chosen.isEmpty else { continue }
            clock.measure(\.elementwise) {
                for (place, choice) in chosen.enumerated() {
                    _ = scratch.gathered[place * hidden, count: hidden].update(
                        fromContentsOf: scratch.states[choice.row * hidden, count: hidden])
                }
                self.scratch.normedInput.store(scratch.gathered, rows: 0..<chosen.count)
            }
            try clock.measure(\.gemm) {
                try gemm.multiplyGated(
                    self.scratch.normedInput, rows: chosen.count, by: expert.gateUp,
                    activation: configuration.activation, into: self.scratch.activated)
                try gemm.multiply(
                    self.scratch.activated, rows: chosen.count, by: expert.down,
                    into: MatrixRows(scratch.gathered, width: hidden), adding: false)
            }
            clock.measure(\.elementwise) {
                for (place, choice) in chosen.enumerated() {
                    let part = scratch.gathered[place * hidden, count: hidden]
                    for component in part.indices { part[component] *= choice.weight }
                    kernels.add(part, to: self.scratch.residual[(rows.lowerBound + choice.row) * hidden, count: hidden])
                }
            }
        }
    }
}

extension ModelConfiguration.Experts {
    /// The experts of one row with their weights: those with the largest logits, of equal ones the first, weighted by a
    /// softmax over all. Where a logit is not a number, so are the weights.
    func choice(of logits: UnsafeMutableBufferPointer<Float>) -> [(expert: Int, weight: Float)] {
        let largest = logits.max() ?? 0
        let sum = logits.reduce(Float(0)) { $0 + exp($1 - largest) }
        let order = logits.indices.sorted { (logits[$1], $0) < (logits[$0], $1) }
        let chosen = order.prefix(used).map { ($0, exp(logits[$0] - largest) / sum) }
        let total = areNormalized ? chosen.reduce(0) { $0 + $1.1 } : 1
        return chosen.map { ($0, $1 / total * scale) }
    }
}
