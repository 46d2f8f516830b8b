internal import SeededRandom

/// One seed's work.
struct SeedRun {
    let data: RewardData
    let training: RewardTraining
    let folds: Folds
    let seed: UInt64
    let linear: LinearHeads
    var ours: JobMargins
    var legend: FoldMargins?

    /// Weights without a margin, of each training set and penalty.
    var plain: [FoldSet: [[Double]]] = [:]

    /// Near enough to choose by; and for what is reported.
    static let (rough, exact) = (1e-3, 1e-7)

    init(_ data: RewardData, _ training: RewardTraining, _ solver: RewardSolver, _ folds: Folds, seed: UInt64) {
        (self.data, self.training, self.folds, self.seed) = (data, training, folds, seed)
        linear = LinearHeads(data, solver, folds)
        ours = JobMargins(data, folds, seed: seed)
        legend = data.legend.map { FoldMargins($0, folds) }
    }

    /// The margins of an arm for the rows of a training set, in their order: of root mean square 1, or as they are written.
    mutating func margins(_ arm: RewardArm, _ set: LinearHeads.TrainingSet, penalty: Int) throws -> [Double] {
        let all: [Double]
        switch arm {
        case .legend: all = try legend?.margins(without: set.excluded) ?? []
        case .ensemble:
            all = linear.ensembleMargins(
                set, penalty: penalty, count: training.ensemble, from: plainWeights(set, penalty: penalty),
                seed: random(set, .bootstrap), tolerance: Self.rough)
        default: all = try ours.margins(without: set.excluded)
        }
        let raw = set.rows.map { all[$0] }
        var own = standardised(raw)
        switch arm {
        case .written:
            switch training.unit {
            case .logOdds:
                let calibration = PlattCalibration(fitting: raw)
                own = raw.map { calibration?.logOdds($0) ?? 0 }
            case .standard: break
            case .raw: own = raw
            }
        case .constant: own = Array(repeating: own.reduce(0, +) / Double(own.count), count: own.count)
        case .shuffled:
            var random = SeededGenerator(seed: random(set, .shuffle))
            own.shuffle(using: &random)
        default: break
        }
        return own
    }

    /// What random numbers are for.
    private enum Purpose: UInt64 {
        case bootstrap = 1
        case shuffle, networkWeights, networkOrder, decayWeights, decayOrder
    }

    /// Another number for each purpose, and each training set.
    private func random(_ set: LinearHeads.TrainingSet, _ purpose: Purpose) -> UInt64 {
        var random = SeededGenerator(seed: seed &* 0x9E37_79B9 ^ set.excluded.seed << 8 ^ purpose.rawValue)
        return random.next()
    }

    mutating func plainWeights(_ set: LinearHeads.TrainingSet, penalty: Int) -> [Double] {
        var known = plain[set.excluded] ?? []
        while known.count <= penalty {
            known.append(
                linear.weights(set, penalty: known.count, from: known.last, tolerance: Self.rough))
        }
        plain[set.excluded] = known
        return known[penalty]
    }

    mutating func heldOut() throws -> HeldOutRewards {
        var result = HeldOutRewards()
        let count = data.pairs.count
        for arm in data.arms {
            for head in training.heads where arm.isOfHead {
                result.margins[.init(arm, head)] = Array(repeating: 0, count: count)
            }
            if !arm.isOfHead { result.margins[.init(arm, nil)] = Array(repeating: 0, count: count) }
        }
        let choices = try choices()
        for fold in 0..<folds.count {
            let (penalty, sizes) = choices[fold]
            result.penalties.append(training.penalties[penalty])
            for (arm, size) in sizes { result.sizes[arm, default: []].append(size) }
            try test(fold, penalty: penalty, sizes: sizes, &result)
        }
        for (key, margins) in result.margins {
            let hasUnit = key.arm.isOfHead && key.arm != .averaged
            let logOdds =
                hasUnit
                ? margins
                : Calibration.crossFitted(margins, folds: folds) { Calibration.fitted($0, isIsotonicAllowed: false) }
            // Where a score contradicts the labels the factor is 0, and no probability says anything.
            guard let logOdds, logOdds.contains(where: { $0 != 0 }) else { continue }
            result.calibrationErrors[key] = CalibrationError(logOdds: logOdds)?.value
        }
        return result
    }
}

// MARK: - Choosing within the folds

extension SeedRun {
    /// Of each fold, by what the others say of one another: the penalty's place, and the arms' sizes.
    private mutating func choices() throws -> [(penalty: Int, sizes: [RewardArm: Double])] {
        let pairs = (0..<folds.count).flatMap { first in (first + 1..<folds.count).map { (first, $0) } }
        let sets = Dictionary(
            uniqueKeysWithValues: pairs.map { first, second in
                (FoldSet(first, second), linear.trainingSet(without: FoldSet(first, second)))
            })
        // Of all rows; those of a fold are in the place of the set of this and that fold.
        var held: [FoldSet: [Double]] = [:]
        func loss(of fold: Int) -> Double {
            var margins: [Double] = []
            for other in 0..<folds.count where other != fold {
                let excluded = FoldSet(fold, other)
                guard let set = sets[excluded], let values = held[excluded] else { continue }
                for (row, value) in zip(set.held, values) where folds.assignment[row] == other { margins.append(value) }
            }
            return scaledLogLoss(margins)
        }
        var best = Array(repeating: (loss: Double.infinity, penalty: 0), count: folds.count)
        for penalty in training.penalties.indices {
            for (excluded, set) in sets {
                held[excluded] = linear.margins(plainWeights(set, penalty: penalty), of: set.held)
            }
            for fold in best.indices where loss(of: fold) < best[fold].loss { best[fold] = (loss(of: fold), penalty) }
        }
        var choices = best.map { (penalty: $0.penalty, sizes: [RewardArm: Double]()) }
        let arms = RewardArm.withMargins.filter { data.arms.contains($0) && $0.hasChosenSize }
        for penalty in Set(best.map(\.penalty)).sorted() {
            let ownFolds = best.indices.filter { best[$0].penalty == penalty }
            let needed = sets.filter { excluded, _ in ownFolds.contains { excluded.contains($0) } }
            for arm in arms {
                var weights = needed.mapValues { plainWeights($0, penalty: penalty) }
                let margins = try needed.mapValues { try self.margins(arm, $0, penalty: penalty) }
                var least = Array(repeating: Double.infinity, count: folds.count)
                for size in training.sizes {
                    for (excluded, set) in needed {
                        let own = linear.weights(
                            set, penalty: penalty, margins: margins[excluded]?.scaled(by: size),
                            from: weights[excluded], tolerance: Self.rough)
                        weights[excluded] = own
                        held[excluded] = linear.margins(own, of: set.held)
                    }
                    for fold in ownFolds where loss(of: fold) < least[fold] {
                        least[fold] = loss(of: fold)
                        choices[fold].sizes[arm] = size
                    }
                }
            }
        }
        return choices
    }

    /// The mean log loss of margins, each positive where it is right, times the one factor for which it is least.
    private func scaledLogLoss(_ margins: [Double]) -> Double {
        guard let calibration = PlattCalibration(fitting: margins) else { return .infinity }
        return margins.reduce(0) { $0 + softplus(-calibration.logOdds($1)) } / Double(margins.count)
    }
}

// MARK: - Testing

extension SeedRun {
    /// Trains on all other folds, and tests on this one.
    private mutating func test(
        _ fold: Int, penalty: Int, sizes: [RewardArm: Double], _ result: inout HeldOutRewards
    ) throws {
        let set = linear.trainingSet(without: FoldSet(fold))
        func add(_ margins: [Double], _ arm: RewardArm, _ head: RewardHead?) {
            for (row, margin) in zip(set.held, margins) { result.margins[.init(arm, head)]?[row] = margin }
        }
        let plain = linear.weights(
            set, penalty: penalty, from: plainWeights(set, penalty: penalty), tolerance: Self.exact)
        let scoreMargins = try ours.margins(without: set.excluded)
        let score = set.held.map { scoreMargins[$0] }
        var trained: [(arm: RewardArm, margins: [Double])] = [
            (.none, Array(repeating: 0, count: set.rows.count))
        ]
        for arm in RewardArm.withMargins {
            guard let size = arm.hasChosenSize ? sizes[arm] : 1 else { continue }
            trained.append((arm, try margins(arm, set, penalty: penalty).scaled(by: size)))
        }
        for head in training.heads {
            let held: [[Double]]
            switch head {
            case .linear:
                held = trained.map { arm, margins in
                    let weights =
                        arm == .none
                        ? plain
                        : linear.weights(set, penalty: penalty, margins: margins, from: plain, tolerance: Self.exact)
                    return linear.margins(weights, of: set.held)
                }
            case .mlp:
                let decay = decay(for: fold)
                var networks = RewardNetworks(
                    decays: trained.map { _ in decay }, hiddenSize: data.pairs.hiddenSize,
                    seed: random(set, .networkWeights))
                networks.train(
                    on: data.states, rows: set.rows, margins: trained.map(\.margins), seed: random(set, .networkOrder))
                held = networks.margins(of: data.states, rows: set.held)
            }
            for ((arm, _), margins) in zip(trained, held) { add(margins, arm, head) }
            // By their spread on these rows, which no label has a part in.
            add(zip(standardised(held[0]), standardised(score)).map { $0 + $1 }, .averaged, head)
        }
        add(score, .score, nil)
        if let legendMargins = try legend?.margins(without: set.excluded) {
            add(set.held.map { legendMargins[$0] }, .legendScore, nil)
        }
    }
}

extension SeedRun {
    /// The networks' weight decay for which the one without a margin says most of another fold.
    private func decay(for fold: Int) -> Double {
        let other = (fold + 1) % folds.count
        let set = linear.trainingSet(without: FoldSet(fold, other))
        let rows = set.held.filter { folds.assignment[$0] == other }
        var networks = RewardNetworks(
            decays: training.decays, hiddenSize: data.pairs.hiddenSize, seed: random(set, .decayWeights))
        let none = training.decays.map { _ in Array(repeating: 0.0, count: set.rows.count) }
        networks.train(on: data.states, rows: set.rows, margins: none, seed: random(set, .decayOrder))
        let losses = networks.margins(of: data.states, rows: rows).map(scaledLogLoss)
        let best = losses.indices.min { (losses[$0], $0) < (losses[$1], $1) } ?? 0
        return training.decays[best]
    }
}

/// Divided by their root mean square, where that is above 0.
private func standardised(_ margins: [Double]) -> [Double] {
    let meanSquare = dot(margins, margins) / Double(max(margins.count, 1))
    return meanSquare > 0 ? margins.scaled(by: 1 / meanSquare.squareRoot()) : margins
}
