internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import JobConfiguration

extension LabelColumns {
    /// Where the input says how strongly its rows were labelled.
    ///
    /// - Throws: `FileError` where the input cannot be read, has its responses in other columns, or no row has what the
    ///   configuration names.
    init(
        _ dataset: JobConfiguration.Configuration.Dataset, of path: String, _ options: DatasetOptions
    ) throws {
        var reader = try DatasetReader(path: path, options: options)
        let asked = Strength(dataset.strength)
        let known = dataset.strength == .automatic ? reader.knownStrength : nil
        self.init(strength: asked ?? known, votes: dataset.votes.map { Votes($0) })
        // A file without rows may be any.
        if reader.detectedFormat != nil || options.columns != nil {
            try Self.check(asked?.sides, of: path, "dataset.strength", isNumbered: reader.hasNumberedResponses)
            try Self.check(votes?.sides, of: path, "dataset.votes", isNumbered: reader.hasNumberedResponses)
        }
        var labels = LabelReader(self)
        var expected = [asked.map { ("dataset.strength", $0.names) }, votes.map { ("dataset.votes", $0.names) }]
        while expected.contains(where: { $0 != nil }), let record = try reader.next() {
            guard case .success = record.content else { continue }
            if labels.strength(of: record) != nil { expected[0] = nil }
            if labels.share(of: record) != nil { expected[1] = nil }
        }
        // Of a file without rows there is nothing to expect.
        guard let (key, names) = expected.compactMap(\.self).first,
            let found = labels.lines.first(where: { $0.hasPrefix(key) })
        else { return }
        throw FileError(path: path, problem: "expected rows with such numbers in \(names.listed), found none: \(found)")
    }

    /// Whose the columns are: of rows that name the safer one of two responses, columns of each are by their numbers.
    private static func check(_ sides: Sides?, of path: String, _ key: String, isNumbered: Bool) throws(FileError) {
        switch sides {
        case .sides where isNumbered:
            throw FileError(
                path: path,
                problem: """
                    \(key): expected response_0 and response_1, which follow safer_response_id as the responses do, found \
                    chosen and rejected
                    """)
        case .numbered where !isNumbered:
            throw FileError(
                path: path,
                problem: """
                    \(key): expected chosen and rejected, found response_0 and response_1, which rows of the format pku \
                    alone have
                    """)
        case .sides, .numbered, nil: return
        }
    }
}

extension LabelColumns.Strength {
    /// nil where the configuration names no columns.
    fileprivate init?(_ strength: JobConfiguration.Configuration.Dataset.Strength) {
        switch strength {
        case .automatic, .none: return nil
        case .size(let column): self = .size(column)
        case .ratings(let columns): self = .ratings(.init(columns))
        case .severities(let columns): self = .severities(.init(columns))
        }
    }
}

extension LabelColumns.Votes {
    fileprivate init(_ votes: JobConfiguration.Configuration.Dataset.Votes) {
        switch votes {
        case .counts(let columns): self = .counts(.init(columns))
        case .share(let column): self = .share(column)
        }
    }
}

extension LabelColumns.Sides {
    fileprivate init(_ columns: JobConfiguration.Configuration.Dataset.SideColumns) {
        switch columns {
        case .sides(let chosen, let rejected): self = .sides(chosen: chosen, rejected: rejected)
        case .numbered(let first, let second): self = .numbered(first, second)
        }
    }
}
