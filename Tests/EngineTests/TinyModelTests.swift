import TestEnvironment
import Testing

@testable import Engine

/// Every architecture against transformers: the hidden states of every token after every layer.
@Suite(.needs(TinyModel.names.map(TinyModel.folder)))
struct TinyModelTests {
    @Test(arguments: TinyModel.names)
    func statesAreThoseOfTransformers(_ name: String) throws {
        try expectStates(of: TinyModel(name), name, samples: 4)
    }

    @Test(arguments: TinyModel.names)
    func statesDoNotDependOnWhereRunsAreCut(_ name: String) throws { try expectSameStatesHoweverCut(TinyModel(name)) }
}

/// The same of models of our own: experts, factors, scaled positions, windows in some layers, biases.
struct OwnTinyModelTests {
    @Test(arguments: TinyModel.ownNames)
    func statesAreThoseOfTransformers(_ name: String) throws {
        try expectStates(of: TinyModel(own: name), name, samples: 2)
    }

    @Test(arguments: TinyModel.ownNames)
    func statesDoNotDependOnWhereRunsAreCut(_ name: String) throws {
        try expectSameStatesHoweverCut(TinyModel(own: name))
    }
}

private func expectStates(of tiny: TinyModel, _ name: String, samples: Int) throws {
    #expect(tiny.samples.count == samples)
    var worst = 0.0
    for (tokens, states) in tiny.samples {
        let found = try tiny.states(tokens)
        #expect(states.count == found.count * found[0].count)
        for (layer, rows) in found.enumerated() {
            let error = relativeError(rows, states[layer * rows.count..<(layer + 1) * rows.count])
            worst = max(worst, error)
            #expect(error < 1e-5, "\(name), layer \(layer), \(tokens.count) tokens")
        }
    }
    print("\(name): largest relative error of a layer's states \(worst)")
}

/// A sequence's states don't depend on where its runs are cut: what shares prefixes and decodes relies on that.
private func expectSameStatesHoweverCut(_ tiny: TinyModel) throws {
    let tokens = try #require(tiny.samples.last).tokens
    let whole = try tiny.states(tokens)
    for pieces in [[1, 2, 3], [40], Array(repeating: 1, count: tokens.count), [16, 16, 16, 16]] {
        for (cut, whole) in zip(try tiny.states(tokens, pieces: pieces), whole) {
            #expect(relativeError(cut, whole) < 1e-5, "\(pieces)")
        }
    }
}
