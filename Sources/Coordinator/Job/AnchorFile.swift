internal import Dataset
internal import Digest
internal import Foundation
internal import JobConfiguration
internal import Protocol

/// A file of anchors that was found, and whose columns were understood.
struct AnchorFile: Sendable {
    let path: String
    let options: DatasetOptions

    /// SHA-256.
    let digest: String

    /// What embeds it.
    let step: WorkStep

    /// How many refusals an anchor has that has no harmless response; nil: one, the configured one.
    let refusals: Int?

    /// The file's, without its folder.
    var name: String { (path as NSString).lastPathComponent }

    /// Of those whose mean is the harmless side: enough for their length, wording and last character to average out.
    static let refusalsOfAnAnchor = 8

    /// - Parameters:
    ///   - path: of the job's file.
    ///   - number: 0 for the job's first one.
    ///   - formats: those that it may have.
    /// - Throws: `FileError` where it cannot be read; `Problem` where the configuration does not fit.
    init(
        _ path: String, number: Int, _ configuration: JobConfiguration.Configuration, formats: [DatasetFormat]
    ) throws {
        self.path = path
        options = try DatasetOptions(
            configuration.anchors, maxRowBytes: configuration.dataset.maxRowBytes, formats: formats)
        _ = try DatasetReader(path: path, options: options)
        digest = try SHA256Digest(ofFile: path).description
        refusals = Self.refusals(configuration)
        step = .anchors(number, ofPairs: refusals ?? 1 == 1)
    }

    /// Where hidden states are kept, an anchor has two responses, as a row has.
    static func refusals(_ configuration: JobConfiguration.Configuration) -> Int? {
        guard configuration.anchors.refusal == nil, configuration.embedding.compatibility != .legend else { return nil }
        return configuration.embedding.kept == nil ? refusalsOfAnAnchor : 1
    }
}
