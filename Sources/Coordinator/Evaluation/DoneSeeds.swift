internal import Digest
internal import Foundation
internal import JobStore
internal import Margins
internal import Protocol

/// Seeds that are done, in an evaluation's ledger: one that was interrupted goes on with the others.
struct DoneSeeds: Sendable {
    private let ledger: Ledger

    /// Of all that decides what comes of a seed.
    private let key: String

    init(_ ledger: Ledger, key: String) {
        (self.ledger, self.key) = (ledger, key)
    }

    init(
        _ ledger: Ledger, _ definition: EvaluationDefinition, _ rows: EvaluatedRows, _ training: RewardTraining,
        model: LoadedModel
    ) throws {
        // The rows' states are in the ledger, and stay as they are.
        let all = [
            try JobFingerprint(definition.job.fingerprint).serialized, "\(training)", "\(rows.rows.rows)",
            "\(rows.readout)",
            "\(rows.legendText ?? "")", model.numericBuild, ProtocolVersion.software,
        ]
        self.init(ledger, key: SHA256Digest(of: Data(all.joined(separator: "\n").utf8)).description)
    }

    /// nil where the seed is not done yet, or by other settings.
    func held(_ seed: UInt64) throws -> HeldOutRewards? {
        // What cannot be read, as another software wrote it, is done again.
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: Self.infinity, negativeInfinity: "-" + Self.infinity, nan: Self.nan)
        return try ledger.setting(name(seed)).flatMap { try? decoder.decode(Kept.self, from: Data($0)) }
            .flatMap { $0.key == key ? $0.held : nil }
    }

    func keep(_ held: HeldOutRewards, _ seed: UInt64) throws {
        let encoder = JSONEncoder()
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: Self.infinity, negativeInfinity: "-" + Self.infinity, nan: Self.nan)
        try ledger.set(name(seed), to: [UInt8](encoder.encode(Kept(key: key, held: held))))
    }

    /// JSON has no numbers for these.
    private static let (infinity, nan) = ("inf", "nan")

    private func name(_ seed: UInt64) -> String { "seed \(seed)" }

    private struct Kept: Codable {
        var key: String
        var held: HeldOutRewards
    }
}
