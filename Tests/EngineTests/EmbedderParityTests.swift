import Engine
import TestEnvironment
import Testing

/// Hidden states of SmolLM2 against those of Hugging Face transformers: 12 texts, all layers.
@Suite(.needs(.model, ReferenceStates.texts, ReferenceStates.states))
struct EmbedderParityTests {
    @Test(arguments: Backend.allCases, [Pooling.lastToken, .meanText])
    func f32AgreesWithTheReference(_ backend: Backend, _ pooling: Pooling) throws {
        let worst = try compare(.f32, backend, pooling).map(\.error).max() ?? .infinity
        print("f32 \(backend) \(pooling): largest relative error \(worst)")
        #expect(worst <= 1e-4)
    }

    @Test(arguments: Backend.allCases, [Pooling.lastToken, .meanText])
    func bf16PointsTheSameWay(_ backend: Backend, _ pooling: Pooling) throws {
        let differences = try compare(.bf16, backend, pooling)
        let worst = differences.map(\.cosine).min() ?? 0
        let error = differences.map(\.error).max() ?? .infinity
        print("bf16 \(backend) \(pooling): least cosine \(worst), largest relative error \(error)")
        #expect(worst >= 0.999)
        #expect(error > 1e-4, "inputs were not rounded to bf16")
    }

    @Test(arguments: [Backend.oneDNN, .blas])
    func int8IsRefusedWhereItWouldBeSomethingElse(_ backend: Backend) {
        #expect(throws: UnsupportedPrecision.self) {
            _ = try Embedder(modelPath: TestData.model.path, precision: .int8, backend: backend, loadingThreads: 1)
        }
    }

    @Test func int8PointsNearlyTheSameWay() throws {
        let differences = try compare(.int8, .native, .lastToken)
        let last = stride(from: 30, to: differences.count, by: 31).map { differences[$0].cosine }
        let mean = last.reduce(0, +) / Double(last.count)
        print("int8, last layer: mean cosine \(mean), least \(last.min() ?? 0)")
        #expect(mean >= 0.996)
        #expect(differences.map(\.error).max() ?? 0 > 1e-3, "nothing was rounded to int8")
    }

    /// Every text and layer.
    private func compare(
        _ precision: Precision, _ backend: Backend, _ pooling: Pooling
    ) throws -> [(error: Double, cosine: Double)] {
        let reference = try ReferenceStates()
        let embedder = try Embedder(
            modelPath: TestData.model.path, precision: precision, backend: backend, loadingThreads: 2)
        #expect(embedder.precision == precision)
        print(embedder.numericBuild)
        let embeddings = try embedder.makeLane().embed(
            reference.sequences, layers: ReferenceStates.layers, poolings: [pooling]
        ) { _ in true }
        return reference.sequences.indices.flatMap { text in
            let expected = reference.rows(text, pooling)
            return ReferenceStates.layers.map { layer in
                let row = expected.dropFirst(layer * embedder.model.hiddenSize).prefix(embedder.model.hiddenSize)
                let found = embeddings[sequence: text, layer: layer]
                return (relativeError(found, row), cosine(found, row))
            }
        }
    }
}
