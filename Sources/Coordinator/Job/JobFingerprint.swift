internal import Foundation
internal import JobConfiguration
internal import JobStore

/// Everything that decides a job's results, by the name of its key in the configuration.
struct JobFingerprint: Sendable {
    private let values: [String: String]
    private static let name = "fingerprint"

    init(_ values: [String: String]) { self.values = values }

    /// Binds the ledger to this job, or makes sure that it is this job's.
    ///
    /// - Parameters:
    ///   - state: the ledger's folder, and the key that names it.
    /// - Throws: `ConfigurationError` where it belongs to a job with other inputs or settings.
    func claim(_ ledger: Ledger, state: (path: String, key: String)) throws {
        guard let changed = try changes(in: ledger) else {
            return try ledger.set(Self.name, to: [UInt8](JSONEncoder().encode(values)))
        }
        guard changed.isEmpty else {
            throw ConfigurationError(problems: [
                """
                \(state.path) holds the state of a job with other settings; changed since: \
                \(changed.joined(separator: ", ")). Set them back to go on with that job, give this one \
                \(state.key.hasPrefix("job") ? "a" : "an") \(state.key) of its own, or begin anew with --restart
                """
            ])
        }
    }

    /// The keys of the configuration that are not as in the fingerprint that a ledger has; nil where it has none.
    func changes(in ledger: Ledger) throws -> [String]? {
        guard let fingerprint = try ledger.setting(Self.name) else { return nil }
        let known = try JSONDecoder().decode([String: String].self, from: Data(fingerprint))
        return changes(from: known)
    }

    private func changes(from known: [String: String]) -> [String] {
        Set(known.keys).union(values.keys).filter { known[$0] != values[$0] }.sorted()
    }

    /// As a file's metadata has it, the same in every run.
    var serialized: String {
        get throws {
            let encoder = JSONEncoder()
            encoder.outputFormatting = .sortedKeys
            return String(decoding: try encoder.encode(values), as: UTF8.self)
        }
    }

    /// The keys of the configuration that are not as a file's metadata has them; nil where that is none.
    func changes(fromSerialized text: String) -> [String]? {
        (try? JSONDecoder().decode([String: String].self, from: Data(text.utf8))).map(changes)
    }
}
