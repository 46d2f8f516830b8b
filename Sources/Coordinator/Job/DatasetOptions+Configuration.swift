internal import Dataset
internal import Diagnostics
internal import JobConfiguration
internal import Prompting

extension JobConfiguration.Configuration {
    /// Reads the configuration of a job whose files may have those formats.
    ///
    /// - Throws: `ConfigurationError`.
    init(
        ofJob path: String, overrides: [String] = [], formats: [DatasetFormat] = DatasetFormat.all
    ) throws {
        try self.init(contentsOf: path, overrides: overrides, formats: FormatNames(formats))
    }
}

extension CoordinatorAddress {
    /// Reads it from the configuration of a job whose files may have any format that is known.
    ///
    /// - Throws: `ConfigurationError`.
    init(ofJob path: String, overrides: [String]) throws {
        try self.init(
            contentsOf: path, overrides: overrides,
            formats: JobConfiguration.Configuration.FormatNames(DatasetFormat.all))
    }
}

extension JobConfiguration.Configuration.FormatNames {
    fileprivate init(_ formats: [DatasetFormat]) {
        self.init(rows: formats.names(for: .row), anchors: formats.names(for: .anchor))
    }
}

extension DatasetOptions {
    /// How the input's rows are read.
    ///
    /// - Throws: `Problem` where no format for these rows has the name.
    init(_ dataset: JobConfiguration.Configuration.Dataset, formats: [DatasetFormat]) throws {
        var columns: DatasetColumns?
        if dataset.prompt != nil || dataset.chosen != nil || dataset.rejected != nil {
            columns = DatasetColumns(
                prompt: dataset.prompt, chosen: dataset.chosen ?? "chosen", rejected: dataset.rejected ?? "rejected")
        }
        if let ranked = dataset.ranked {
            columns = DatasetColumns(prompt: dataset.prompt, ranked: .init(ranked))
        }
        self.init(
            purpose: .row, format: try formats.format(named: dataset.format, for: .row, key: "dataset.format"),
            columns: columns,
            ignoredColumns: dataset.ignoredColumns,
            promptInResponses: .init(rawValue: dataset.promptInResponses) ?? .auto,
            pairs: dataset.pairs.flatMap { .init(rawValue: $0.rawValue) } ?? .all,
            maxRowBytes: dataset.maxRowBytes)
        self.formats = formats
    }

    /// How a job's output is read whose input is read so: of several responses it has one pair in each row.
    var ofOutput: DatasetOptions {
        var options = self
        if let columns, columns.ranked != nil {
            options.columns = columns.prompt.map {
                DatasetColumns(
                    prompt: $0, chosen: PairColumn.chosen.rawValue, rejected: PairColumn.rejected.rawValue)
            }
            options.format = .preference
        } else if format == .ranked {
            options.format = .preference
        }
        return options
    }

    /// How the anchors' rows are read.
    ///
    /// - Throws: `Problem` where no format for these rows has the name.
    init(
        _ anchors: JobConfiguration.Configuration.Anchors, maxRowBytes: Int, formats: [DatasetFormat]
    ) throws {
        var columns: DatasetColumns?
        if anchors.prompt != nil || anchors.harmless != nil || anchors.harmful != nil {
            columns = DatasetColumns(
                prompt: anchors.prompt, harmless: anchors.harmless, harmful: anchors.harmful ?? "harmful")
        }
        self.init(
            purpose: .anchor, format: try formats.format(named: anchors.format, for: .anchor, key: "anchors.format"),
            columns: columns, ignoredColumns: anchors.ignoredColumns,
            promptInResponses: .init(rawValue: anchors.promptInResponses) ?? .auto,
            refusal: anchors.refusal ?? JobConfiguration.Configuration.legendRefusal, maxRowBytes: maxRowBytes)
        self.formats = formats
    }

    /// Rows that the template refuses come out as errors, and it gets the tools of rows that have some, if it reads them.
    func checked(by template: Template?) -> DatasetOptions {
        var options = self
        options.check = template?.check(purpose)
        options.readsTools = template?.readsTools ?? false
        return options
    }
}

extension DatasetColumns.Ranked {
    fileprivate init(_ ranked: JobConfiguration.Configuration.Dataset.Ranked) {
        let judgement: Judgement =
            switch ranked.judgement {
            case .scores(let name): .scores(ColumnPath(name))
            case .ranks(let name): .ranks(ColumnPath(name))
            case .best(let name): .best(name)
            }
        self.init(responses: ranked.responses, judgement: judgement)
    }
}

extension [DatasetFormat] {
    /// Nil where the format is to be found.
    fileprivate func format(
        named name: String, for purpose: RowPurpose, key: String
    ) throws(Problem) -> DatasetFormat? {
        if name == JobConfiguration.Configuration.anyFormat { return nil }
        guard names(for: purpose).contains(name) else {
            throw Problem("\(key): no format for these rows is called \(name.quoted)", isOfConfiguration: true)
        }
        return first { $0.name == name }
    }
}
