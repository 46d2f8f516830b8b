internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import JobConfiguration

extension JobDefinition {
    /// What the output adds to its rows.
    var addedColumns: Set<OutputColumn> { Self.addedColumns(configuration.margin, calibrates: calibrates) }

    /// How margins are numbered: where nobody asks, only those that are calibrated.
    var bins: JobConfiguration.Configuration.Margin.Bins { Self.bins(configuration.margin, calibrates: calibrates) }

    private static func bins(
        _ margin: JobConfiguration.Configuration.Margin, calibrates: Bool
    ) -> JobConfiguration.Configuration.Margin.Bins {
        margin.bins == .automatic && !calibrates ? .none : margin.bins
    }

    private static func addedColumns(
        _ margin: JobConfiguration.Configuration.Margin, calibrates: Bool
    ) -> Set<OutputColumn> {
        var columns = calibrates ? OutputColumn.calibrated : OutputColumn.plain
        if bins(margin, calibrates: calibrates) != .none { columns.insert(.bin) }
        switch margin.negative {
        case .flag: columns.insert(.negative)
        case .flip: columns.insert(.flipped)
        case .keep, .clip, .drop: break
        }
        return columns
    }

    /// That the output can be made as it is asked for.
    ///
    /// - Throws: `FileError` or `Problem` where it cannot.
    static func checkOutput(
        of configuration: JobConfiguration.Configuration, _ options: DatasetOptions, calibrates: Bool
    ) throws {
        let (path, margin) = (configuration.job.input, configuration.margin)
        if case .probabilities = margin.bins, !calibrates {
            throw Problem(
                """
                margin.bins: probabilities need margins that the rows' labels calibrate: embedding.compat: none; quantiles, \
                edges and equal_width do not
                """)
        }
        if margin.negative == .flip, try DatasetReader(path: path, options: options).exchange == nil {
            throw FileError(
                path: path,
                problem: """
                    margin.negative: flip needs rows whose two responses can change places: a column for each, or a label \
                    of 0 or 1; these have neither. flag, drop and clip do not need it
                    """)
        }
        if configuration.dataset.existingColumns == .refuse {
            try refuseExistingColumns(of: path, options, addedColumns(margin, calibrates: calibrates))
        }
    }

    /// A file that has a margin already is not annotated again by mistake. The first row that can be annotated speaks for
    /// all; where later ones have such columns alone, they come out as errors.
    private static func refuseExistingColumns(
        of path: String, _ options: DatasetOptions, _ added: Set<OutputColumn>
    ) throws {
        let existing = ExistingColumns(.refused, added: added)
        var reader = try DatasetReader(path: path, options: options)
        for _ in 0..<1000 {
            guard let record = try reader.next() else { return }
            guard case .success = record.content else { continue }
            let names = existing.conflicts(in: record)
            guard names.isEmpty else { throw FileError(path: path, problem: ExistingColumns.refusal(of: names)) }
            return
        }
    }
}
