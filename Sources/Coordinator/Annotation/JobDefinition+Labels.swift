internal import Dataset
internal import JobConfiguration

extension JobDefinition {
    /// That what the configuration says of labels is not read; nil where it is, or says nothing.
    var unreadLabelsNotice: String? {
        let dataset = configuration.dataset
        let isAsked = ![.automatic, .none].contains(dataset.strength) || dataset.votes != nil
        guard isAsked, !calibrates else { return nil }
        return "dataset.strength and dataset.votes are not read with embedding.compat: legend"
    }

    /// The share of votes for the chosen response, 0 to 1, of each row; nil for rows that do not say it.
    ///
    /// - Parameters:
    ///   - rows: ascending.
    ///   - labels: counts those that do not say it.
    /// - Returns: nil where votes are not read.
    /// - Throws: `FileError` where the input cannot be read.
    func votes(of rows: [UInt64], _ labels: inout LabelReader) throws -> [Double?]? {
        guard labels.columns.votes != nil else { return nil }
        var shares: [Double?] = Array(repeating: nil, count: rows.count)
        var index = 0
        var reader = try DatasetReader(path: configuration.job.input, options: inputOptions)
        while let record = try reader.next() {
            guard case .success = record.content else { continue }
            let share = labels.share(of: record)
            while index < rows.count, rows[index] < UInt64(record.index) { index += 1 }
            if index < rows.count, rows[index] == UInt64(record.index) { shares[index] = share }
        }
        return shares
    }
}
