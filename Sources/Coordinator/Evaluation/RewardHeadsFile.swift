internal import Margins
internal import Reports
internal import Safetensors

/// Linear reward heads that are trained on all rows that were evaluated, as a safetensors file: `weights` F64 `[arms, hidden]`,
/// of which the reward of a response is `h · w`; what they were trained with, `margins` F64 `[arms, rows]`, and of which `rows`
/// of the input, I64 `[rows]`, counted from 0. A head is the minimum of the mean of
/// `-log σ((h_chosen - h_rejected) · w - margin)` plus `penalty / 2 |w|²`.
struct RewardHeadsFile {
    let heads: [TrainedHead]
    let penalty: Double

    /// Ascending.
    let rows: [UInt64]
    let run: EvaluationFigures.Run

    /// - Throws: `SafetensorsError` for texts that are too long for a header.
    func serialized() throws -> [UInt8] {
        var header = SafetensorsHeader(metadata: [
            "format": "legend-heads-1", "arms": heads.map(\.arm.rawValue).joined(separator: ", "),
            "penalty": "\(penalty)", "model": run.model, "modelSHA256": run.modelSha256, "precision": run.precision,
            "template": run.template, "layer": "\(run.layer)", "layerCount": "\(run.layerCount)", "token": run.token,
            "inputSHA256": run.inputSha256, "software": run.software,
        ])
        header.append("weights", .f64, shape: [heads.count, heads.first?.weights.count ?? 0])
        header.append("margins", .f64, shape: [heads.count, rows.count])
        header.append("rows", .i64, shape: [rows.count])
        let numbers = (heads.flatMap(\.weights) + heads.flatMap(\.margins)).map(\.bitPattern)
        var bytes = try header.serialized()
        for number in numbers + rows {
            withUnsafeBytes(of: number.littleEndian) { bytes.append(contentsOf: $0) }
        }
        return bytes
    }
}
