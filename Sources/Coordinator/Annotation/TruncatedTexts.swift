internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Protocol

/// How much of a job's texts was cut for having more tokens than fit.
struct TruncatedTexts: Sendable {
    private let truncation: Truncation

    /// Those of the output.
    var rows = 0
    private let anchors: Int

    /// nil where none is cut.
    init?(_ definition: JobDefinition, _ ledger: Ledger) throws {
        truncation = definition.configuration.model.truncation
        guard truncation != .error else { return nil }
        anchors = try definition.anchorFiles.reduce(0) { try $0 + ledger.truncatedRows(of: $1.step.id).count }
    }

    /// For a person; nil where nothing had to be cut.
    var text: String? {
        let counts = [
            rows > 0 ? "\(rows.counted("row")), which margin_truncated marks" : nil,
            anchors > 0 ? anchors.counted("anchor") : nil,
        ].compactMap(\.self)
        guard !counts.isEmpty else { return nil }
        return "\(counts.joined(separator: ", and ")), had more tokens than fit: \(truncation.loss)"
    }
}

extension Truncation {
    /// What became of texts that are too long.
    var loss: String {
        switch self {
        case .error: "they are errors"
        case .keepEnd: "their ends were kept"
        case .keepStart: "their beginnings were kept"
        }
    }
}
