internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import JobConfiguration

extension JobDefinition {
    /// How margins are numbered: where nobody asks, only those that are calibrated.
    var bins: JobConfiguration.Configuration.Margin.Bins {
        let bins = configuration.margin.bins
        return bins == .automatic && !calibrates ? .none : bins
    }

    /// That the output can be made as it is asked for.
    ///
    /// - Throws: `FileError` where it cannot.
    static func checkOutput(
        of configuration: JobConfiguration.Configuration, _ options: DatasetOptions
    ) throws {
        let path = configuration.job.input
        let reader = try DatasetReader(path: path, options: options)
        try checkPairs(configuration.dataset, reader)
        try RowFileFormat.check(configuration.job.output, columns: reader.schema != nil)
        try RowFileFormat.check(errorsPath: configuration.job.errors)
        for output in [configuration.job.output, configuration.job.errors] {
            try OutputPlace.check(output, outsideOfDataset: path)
        }
        if configuration.margin.negative == .flip {
            guard let exchange = reader.exchange else {
                throw FileError(
                    path: path,
                    problem: """
                        margin.negative: flip needs rows whose two responses can change places: a column for each, or a \
                        label of 0 or 1; these have neither. flag, drop and clip do not need it
                        """)
            }
            if let problem = reader.schema.flatMap({ exchange.problem(in: $0) }) {
                throw FileError(
                    path: path, problem: "margin.negative: flip: \(problem). flag, drop and clip do not need it")
            }
        }
        if configuration.dataset.existingColumns == .refuse {
            try refuseExistingColumns(of: path, options)
        }
    }

    /// That a rule for pairs is about rows of which pairs can be made by it.
    private static func checkPairs(
        _ dataset: JobConfiguration.Configuration.Dataset, _ reader: borrowing DatasetReader
    ) throws(FileError) {
        guard let pairs = dataset.pairs else { return }
        guard let ranking = reader.ranking else {
            guard reader.detectedFormat != nil || dataset.prompt != nil || dataset.chosen != nil else { return }
            throw FileError(
                path: reader.path,
                problem: """
                    dataset.pairs: \(pairs) is of rows with several responses, and these have two each \
                    (\(reader.detectedFormat?.name ?? "the configured columns"))
                    """)
        }
        guard pairs != .bestWorst || !ranking.isOfBestAlone else {
            throw FileError(
                path: reader.path,
                problem: """
                    dataset.pairs: best-worst needs scores or ranks: these rows say which response is the best, and not \
                    which is the worst (\(ranking.words))
                    """)
        }
    }

    /// A file that has a margin already is not annotated again by mistake. The first row that can be annotated speaks for
    /// all; where later ones have such columns alone, they come out as errors.
    private static func refuseExistingColumns(of path: String, _ options: DatasetOptions) throws {
        var reader = try DatasetReader(path: path, options: options)
        let existing = ExistingColumns(.refused, ranking: reader.ranking)
        for _ in 0..<1000 {
            guard let record = try reader.next() else { return }
            guard case .success = record.content else { continue }
            let names = existing.conflicts(in: record)
            guard names.isEmpty else { throw FileError(path: path, problem: ExistingColumns.refusal(of: names)) }
            return
        }
    }
}
