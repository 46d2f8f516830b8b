import Protocol
import Testing

@Suite struct ScorerTests {
    private static let readouts = [Readout(18, .meanResponse), Readout(22, .meanResponse)]

    private static func scorer(
        _ readouts: [Readout] = readouts, _ first: [Float] = [1, 2], _ second: [Float] = [3, 4, 5, 6]
    ) throws -> Scorer {
        try Scorer([
            .init(readouts[0], Tensor(first, shape: [first.count / 2, 2])),
            .init(readouts[1], Tensor(second, shape: [second.count / 2, 2])),
        ])
    }

    @Test func aScorerGivesAScoreForEachDirection() throws {
        #expect(try Self.scorer().scoreCount == 3 && Self.scorer().hiddenSize == 2)
        let plain = Scorer(Readout(30, .lastToken), direction: [0.6, -0.8])
        #expect(plain.scoreCount == 1 && plain.hiddenSize == 2)
        #expect(plain.parts == [.init(Readout(30, .lastToken), Tensor([0.6, -0.8] as [Float], shape: [1, 2]))])
    }

    /// Whatever changes a score, or which one it is, changes the name.
    @Test func theDigestIsOfAllThatIsInIt() throws {
        let others = [
            try Self.scorer(), try Self.scorer(Self.readouts.reversed()), try Self.scorer(Self.readouts, [1, 2.5]),
            try Self.scorer(Self.readouts, [1, 2, 3, 4], [5, 6]),
            try Self.scorer([Readout(18, .meanText), Self.readouts[1]]),
            try Self.scorer([Readout(17, .meanResponse), Self.readouts[1]]),
            Scorer(Self.readouts[0], direction: [1, 2]), Scorer(Self.readouts[0], direction: [1, 2, 0]),
        ]
        #expect(Set(others.map(\.digest)).count == others.count)
        #expect(try Self.scorer().digest == others[0].digest)
        #expect(others.allSatisfy { LoadedModel.isDigest($0.digest) })
    }

    @Test func readoutsAreInTheOrderOfLayersThenOfPoolings() {
        let sorted = [
            Readout(0, .meanResponse), Readout(3, .lastToken), Readout(3, .meanText), Readout(3, .meanResponse),
            Readout(10, .lastToken),
        ]
        #expect(sorted.reversed().sorted() == sorted)
        #expect(sorted.map(\.description)[2] == "layer 3, mean")
    }

    @Test func whatIsKeptIsThereOnceHoweverItsLayerIsCounted() {
        var job = MessageSamples.job
        job.keptReadouts = [
            Readout(-1, .lastToken), Readout(30, .lastToken), Readout(2, .meanText), Readout(-1, .meanText),
        ]
        #expect(
            job.keptReadouts(layerCount: 30) == [
                Readout(2, .meanText), Readout(30, .lastToken), Readout(30, .meanText),
            ])
        #expect(job.readouts(layerCount: 30).map(\.layer) == [30, 0, 12])
    }

    /// A job for a model whose layers nobody has counted yet.
    @Test func everyLayersPoolingsComeBehindWhatIsNamedAndNotTwice() {
        var job = MessageSamples.job
        job.readouts = [Readout(-1, .lastToken), Readout(1, .meanText)]
        job.everyLayer = [.meanResponse, .lastToken]
        #expect(
            job.readouts(layerCount: 2) == [
                Readout(2, .lastToken), Readout(1, .meanText), Readout(1, .lastToken), Readout(1, .meanResponse),
                Readout(2, .meanResponse),
            ])
        job.readouts = []
        #expect(job.readouts(layerCount: 1) == [Readout(1, .lastToken), Readout(1, .meanResponse)])
        #expect(job.readouts(layerCount: 0).isEmpty)
    }

    @Test func errorsAreAMatrixMoreAndANumberMore() throws {
        let scorer = MessageSamples.scorerWithErrors
        #expect(scorer.scoreCount == 5 && scorer.byteCount == 4 * (2 + 6 + 4))
        #expect(scorer.digest != MessageSamples.scorer.digest)
        for shape in [[4], [1, 4], [0, 2]] {
            let count = shape.reduce(1, *)
            let errors = Tensor([Float](repeating: 1, count: count), shape: shape)
            #expect(throws: ProtocolError.self) {
                try Scorer([
                    .init(Readout(18, .meanResponse), Tensor([1, 2] as [Float], shape: [1, 2]), errors: errors)
                ])
            }
        }
    }
}
