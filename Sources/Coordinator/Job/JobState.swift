internal import Foundation
internal import JobStore
internal import Protocol

/// What the ledger knows of any job besides units and results.
struct JobState: Sendable {
    static let modelName = "model"
    static let modelFileName = "modelFile"
    static let numericsName = "numerics"
    private static let runName = "run"

    /// The model that the first worker named.
    let model: LoadedModel?

    /// What the job computes in, where a machine was asked.
    let numerics: JobNumerics?

    /// Made with the ledger, so that workers can tell a job that was begun anew from the one before.
    let run: String

    init(_ ledger: Ledger) throws {
        model = try ledger.setting(Self.modelName).map { try JSONDecoder().decode(LoadedModel.self, from: Data($0)) }
        numerics = try ledger.setting(Self.numericsName).map {
            try JSONDecoder().decode(JobNumerics.self, from: Data($0))
        }
        if let known = try ledger.setting(Self.runName) {
            run = String(decoding: known, as: UTF8.self)
        } else {
            run = String(UInt32.random(in: .min ... .max), radix: 16)
            try ledger.set(Self.runName, to: Array(run.utf8))
        }
    }

    static func serialized(_ setting: some Encodable) -> [UInt8] {
        guard let data = try? JSONEncoder().encode(setting) else {
            preconditionFailure("strings and integers have JSON")
        }
        return [UInt8](data)
    }
}
