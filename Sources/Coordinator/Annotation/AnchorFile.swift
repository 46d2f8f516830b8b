internal import Dataset
internal import Diagnostics
internal import Digest
internal import FileSystem
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

    /// The rows of each kind, in the order in which the file names them; empty where kinds are not told apart.
    let kinds: [Kind]

    struct Kind: Sendable {
        let name: String
        fileprivate(set) var rows: Set<UInt64>
    }

    /// The file's, without its folder.
    var name: String { (path as NSString).lastPathComponent }

    /// Of those whose mean is the harmless side: enough for their length, wording and last character to average out.
    static let refusalsOfAnAnchor = 8

    /// - Parameters:
    ///   - path: of the job's file.
    ///   - number: 0 for the job's first one.
    ///   - options: how its rows are read.
    /// - Throws: `FileError` where it cannot be read.
    init(
        _ path: String, number: Int, _ configuration: JobConfiguration.Configuration, _ options: DatasetOptions
    ) throws {
        self.path = path
        self.options = options
        kinds = try configuration.anchors.kind.map { try Self.kinds(path, options, column: $0) } ?? []
        _ = try DatasetReader(path: path, options: options)
        digest = try SHA256Digest(ofDataset: path).description
        refusals = Self.refusals(configuration)
        step = .anchors(number, ofPairs: refusals ?? 1 == 1)
    }

    /// - Throws: `FileError` where an anchor has no such column, or there are more kinds than a job has sources.
    private static func kinds(_ path: String, _ options: DatasetOptions, column: String) throws -> [Kind] {
        var kinds: [Kind] = []
        var reader = try DatasetReader(path: path, options: options)
        while let record = try reader.next() {
            guard case .success = record.content else { continue }
            guard let name = record.original.value(of: column)?.name else {
                throw FileError(
                    path: path,
                    problem: """
                        line \(record.line): anchors.kind: expected a text, a number, true or false in the column \
                        \(column.quoted), found \(record.original.value(of: column)?.kindWords ?? "no such column")
                        """)
            }
            let number = kinds.firstIndex { $0.name == name } ?? kinds.count
            let limit = JobConfiguration.Configuration.AnchorSource.countMax
            guard number < limit else {
                throw FileError(
                    path: path,
                    problem: """
                        line \(record.line): anchors.kind: expected at most \(limit) kinds in the column \(column.quoted), \
                        found one more: \(name.quoted)
                        """)
            }
            if number == kinds.count { kinds.append(Kind(name: name, rows: [])) }
            kinds[number].rows.insert(UInt64(record.index))
        }
        return kinds
    }

    /// Where hidden states are kept, an anchor has two responses, as a row has.
    static func refusals(_ configuration: JobConfiguration.Configuration) -> Int? {
        guard configuration.anchors.refusal == nil, configuration.embedding.compatibility != .legend else { return nil }
        return configuration.embedding.kept == nil ? refusalsOfAnAnchor : 1
    }
}
