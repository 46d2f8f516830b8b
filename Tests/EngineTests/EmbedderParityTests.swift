import Engine
import Testing

/// Hidden states of SmolLM2 against those of Hugging Face transformers: 12 texts, all layers.
@Suite(.enabled(if: TestFiles.hasModel && TestFiles.hasReference))
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

    /// Every text and layer.
    private func compare(
        _ precision: Precision, _ backend: Backend, _ pooling: Pooling
    ) throws -> [(error: Double, cosine: Double)] {
        let reference = try ReferenceStates()
        let embedder = try Embedder(
            modelPath: TestFiles.model, precision: precision, backend: backend, loadingThreads: 2)
        #expect(embedder.precision == precision)
        print(embedder.numericBuild)
        let embeddings = try embedder.makeLane().embed(
            reference.sequences, layers: ReferenceStates.layers, pooling: pooling
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
