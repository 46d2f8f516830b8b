import Foundation
import SeededRandom
import Testing

@testable import Margins

@Suite struct RewardNetworksTests {
    private func states(_ rows: Int, _ hiddenSize: Int, seed: UInt64) -> ResponseStates {
        var random = SeededGenerator(seed: seed)
        func values() -> [Float] { (0..<rows * hiddenSize).map { _ in Float(random.normal()) } }
        return ResponseStates(preferred: values(), others: values(), hiddenSize: hiddenSize)
    }

    /// The mean loss, written down once more.
    private func loss(_ networks: RewardNetworks, _ states: ResponseStates, margins: [Double], _ network: Int) -> Double
    {
        let found = networks.margins(of: states, rows: Array(0..<states.count))[network]
        return zip(found, margins).reduce(0) { $0 + log(1 + exp($1.1 - $1.0)) } / Double(margins.count)
    }

    /// Of sizes that are whole vectors and of such that are not.
    @Test(arguments: [(8, 4, 2), (19, 5, 3), (7, 3, 1)])
    func gradientsAreDifferencesOfLosses(_ hiddenSize: Int, _ units: Int, _ count: Int) {
        let states = states(6, hiddenSize, seed: 1)
        var random = SeededGenerator(seed: 2)
        let margins = (0..<count).map { _ in (0..<6).map { _ in random.uniform() } }
        let networks = RewardNetworks(
            decays: Array(repeating: 0, count: count), hiddenSize: hiddenSize, units: units, seed: 3)
        let gradient = networks.gradient(
            states, rows: Array(0..<6), margins: margins.map { $0.map { Float($0) } })
        #expect(gradient.count == networks.parameters.count)
        for index in gradient.indices {
            let network = networks.network(ofParameter: index)
            let step: Float = 1e-2
            let losses = [step, -step].map { step in
                loss(networks.moved(index, by: step), states, margins: margins[network], network)
            }
            #expect(abs(Double(gradient[index]) - (losses[0] - losses[1]) / Double(2 * step)) < 2e-4)
        }
    }

    /// What is beside a network has no part in it.
    @Test func networksAreTrainedAsIfAlone() {
        let states = states(90, 12, seed: 4)
        let rows = Array(0..<60)
        let none = rows.map { _ in 0.0 }
        let some = rows.map { Double($0 % 3) }
        func trained(_ decays: [Double], _ margins: [[Double]]) -> [[Double]] {
            var networks = RewardNetworks(decays: decays, hiddenSize: 12, seed: 5)
            networks.train(on: states, rows: rows, margins: margins, seed: 6)
            return networks.margins(of: states, rows: Array(60..<90))
        }
        let together = trained([0.1, 5, 0.1], [none, none, some])
        #expect(together[0] == trained([0.1], [none])[0])
        #expect(together[1] == trained([5], [none])[0])
        #expect(together[2] == trained([0.1], [some])[0])
        #expect(Set(together.map { $0[0] }).count == 3)
    }

    /// What no linear head can: the reward is how far a state is from the middle.
    @Test func whatIsNoLineIsLearnt() {
        var random = SeededGenerator(seed: 7)
        func state(_ radius: Float) -> [Float] {
            let angle = Double.random(in: 0..<2 * .pi, using: &random)
            return [radius * Float(cos(angle)), radius * Float(sin(angle))]
        }
        let states = ResponseStates(
            preferred: (0..<4000).flatMap { _ in state(2) }, others: (0..<4000).flatMap { _ in state(0.5) },
            hiddenSize: 2)
        var networks = RewardNetworks(decays: [0.1], hiddenSize: 2, seed: 8)
        let rows = Array(0..<3000)
        networks.train(on: states, rows: rows, margins: [rows.map { _ in 0 }], seed: 9)
        let held = networks.margins(of: states, rows: Array(3000..<4000))[0]
        #expect(held.count { $0 > 0 } > 950)
    }
}

extension RewardNetworks {
    fileprivate func moved(_ parameter: Int, by distance: Float) -> RewardNetworks {
        var networks = self
        networks.parameters[parameter] += distance
        return networks
    }

    fileprivate func network(ofParameter index: Int) -> Int {
        let weights = parameters.count - 2 * count * units
        if index < weights { return index / (weights / count) }
        return (index - weights) % (count * units) / units
    }
}
