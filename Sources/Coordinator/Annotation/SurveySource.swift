internal import Diagnostics
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol

/// What a direction is fitted on: a file's anchors, or the surveyed rows by their own labels.
struct SurveySource {
    /// As a person knows it.
    let name: String

    /// SHA-256 of its file.
    let digest: String

    /// nil: the rows.
    let anchors: SurveyStates?

    /// Whether it is one of several kinds in its file.
    var isKind = false

    /// A job's, in the order of the configuration.
    ///
    /// - Parameters:
    ///   - step: of a file, where it is not the file's own.
    ///   - references: texts of an anchor before its own.
    /// - Throws: `Problem` where none of a file's anchors can be used; a ledger error.
    static func all(
        _ definition: JobDefinition, ledger: Ledger, readouts: Int, hiddenSize: Int,
        step: (AnchorFile) -> WorkStep = { $0.step }, references: Int = 0
    ) throws -> [SurveySource] {
        var files = definition.anchorFiles[...]
        return try definition.configuration.job.directionSource.anchors.flatMap { source in
            guard source != .own else {
                let name = JobConfiguration.Configuration.AnchorSource.ownName
                return [SurveySource(name: name, digest: definition.inputDigest, anchors: nil)]
            }
            let file = files.removeFirst()
            let anchors = try SurveyStates(
                step(file), ledger: ledger, readouts: readouts, hiddenSize: hiddenSize, references: references)
            guard anchors.count + anchors.failed > 0 else {
                throw Problem(
                    "\(file.path): no anchor can be used: no direction can be fitted", isOfConfiguration: true)
            }
            guard anchors.count > 0 else {
                let reason = anchors.firstReason.map { "; the first: \($0)" } ?? ""
                throw Problem(
                    "\(file.path): none of the \(anchors.failed) anchor pairs can be embedded\(reason)",
                    isOfConfiguration: true)
            }
            let name = definition.name(of: file)
            guard file.kinds.count > 1 else { return [SurveySource(name: name, digest: file.digest, anchors: anchors)] }
            return try file.kinds.map { kind in
                let ofKind = anchors.of(kind.rows)
                guard ofKind.count > 0 else {
                    throw Problem(
                        "\(file.path): none of the \(ofKind.failed) anchor pairs of the kind \(kind.name.quoted) can be embedded",
                        isOfConfiguration: true)
                }
                return SurveySource(
                    name: definition.name(of: kind, in: file), digest: file.digest, anchors: ofKind, isKind: true)
            }
        }
    }

    /// Its pairs at a place; nil: the rows.
    func differences(at place: Int) throws -> PairDifferences? {
        try anchors.map { try $0.states(place).differences($0.groups) }
    }
}
