internal import Margins
internal import Protocol
internal import Reports
internal import Safetensors

/// What an evaluation leaves to score other responses with, as a safetensors file.
///
/// - `weights` F64 `[arms, hidden]`: linear reward heads that are trained on all rows that were evaluated; the reward of a
///   response is `h · w`. A head is the minimum of the mean of `-log σ((h_chosen - h_rejected) · w - margin)` plus
///   `penalty / 2 |w|²`.
/// - `margins` F64 `[arms, rows]`: what each was trained with, and `rows` F64 `[rows]`: of which rows of the input, counted
///   from 0.
/// - `score` F64 `[hidden]`: the job's own score, fitted on all these rows.
/// - `legend` F64 `[hidden]`: Legend's, of states at the last token of the last layer; where there is one.
struct RewardHeadsFile {
    let heads: [TrainedHead]
    let scores: (ours: [Double], legend: [Double]?)
    let penalty: Double

    /// Ascending.
    let rows: [UInt64]
    let run: EvaluationFigures.Run
    let compatibility: Compatibility

    /// The prompts that all of it knows.
    let fittedOn: FittedPrompts

    /// What decided all of it.
    let settings: JobFingerprint

    static let format = "legend-heads-1"

    /// - Throws: `SafetensorsError` for texts that are too long for a header.
    func serialized() throws -> [UInt8] {
        let (prompts, texts) = fittedOn.serialized
        var header = SafetensorsHeader(metadata: [
            "fittedPrompts": prompts, "fittedTexts": texts,
            "format": Self.format, "arms": heads.map(\.arm.rawValue).joined(separator: ", "),
            "penalty": "\(penalty)", "model": run.model, "modelSHA256": run.modelSha256, "precision": run.precision,
            "template": run.template, "compatibility": compatibility.rawValue, "layer": "\(run.layer)",
            "layerCount": "\(run.layerCount)", "token": run.token, "inputSHA256": run.inputSha256,
            "software": run.software, "settings": try settings.serialized,
        ])
        let hiddenSize = scores.ours.count
        header.append("weights", .f64, shape: [heads.count, hiddenSize])
        header.append("margins", .f64, shape: [heads.count, rows.count])
        header.append("rows", .f64, shape: [rows.count])
        header.append("score", .f64, shape: [hiddenSize])
        if scores.legend != nil { header.append("legend", .f64, shape: [hiddenSize]) }
        var bytes = try header.serialized()
        let numbers =
            heads.flatMap(\.weights) + heads.flatMap(\.margins) + rows.map { Double($0) } + scores.ours
            + (scores.legend ?? [])
        for number in numbers { withUnsafeBytes(of: number.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
        return bytes
    }
}
