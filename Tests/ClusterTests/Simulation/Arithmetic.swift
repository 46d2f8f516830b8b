import Protocol

/// What stands for the model's arithmetic: every row has one right value, and one that depends on the direction.
enum Arithmetic {
    static let model = LoadedModel(
        digest: "model", name: "model.gguf", tokenizer: "t", layerCount: 2, hiddenSize: 2, contextLength: 64,
        precision: "f32", numericBuild: "n1", credit: 2)

    /// `[responses, layers, hidden]`
    static func embedding(of row: UInt64) -> [Float] { [Float(row) + 1, 2, 3, Float(row) * 0.5] }

    /// `[responses, layers]`
    static func scores(of row: UInt64, on direction: BroadcastDirection?) -> [Double] {
        let weight = (try? direction?.values.floats())?.first ?? 0
        return [Double(row) * Double(weight), -1]
    }

    /// From the embeddings of the given anchors.
    static func direction(fittedOn embeddings: [Float]) -> BroadcastDirection {
        let sum = embeddings.reduce(0, +)
        return BroadcastDirection(digest: "sum \(sum)", values: Tensor([sum, 0], shape: [1, 2]))
    }

    static func result(_ lease: Lease, _ payload: UnitPayload, on direction: BroadcastDirection?) -> UnitResult {
        let rows = payload.items.map(\.row)
        let values =
            switch payload.stage {
            case .anchors: Tensor(rows.flatMap(embedding), shape: [rows.count, 2, 1, 2])
            case .rows: Tensor(rows.flatMap { scores(of: $0, on: direction) }, shape: [rows.count, 2, 1])
            }
        return UnitResult(
            lease: lease, rows: rows, values: values, tokensTotal: UInt64(rows.count * LedgerModel.tokensPerRow),
            directionDigest: payload.stage == .rows ? direction?.digest ?? "" : "")
    }
}
