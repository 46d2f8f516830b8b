internal import ArgumentParser
internal import CommandLineTool
internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import ModelFiles
internal import Prompting
internal import Protocol

struct ValidateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "validate",
        abstract: "Check a configuration and read its files, without computing anything.",
        discussion: """
            Reports every problem of the configuration at once, reads the dataset and the anchors to their ends, and \
            says which rows cannot be annotated, and why, what pairs are made of rows with several responses, what is odd \
            about the others, and how many say how strongly they were labelled (dataset.strength, dataset.votes). Of a model (a \
            GGUF file, any part of a split one, or a Hugging Face folder) that is on this machine it says which files are missing.

            EXAMPLES
              legend-coordinator validate cluster.yaml
              legend-coordinator validate cluster.yaml --induction

            EXIT STATUS
              0 the job can run and every row can be read; 3 some rows cannot; 2 the configuration is wrong.
            """)

    @OptionGroup
    var configuration: ConfigurationOptions

    @Option(help: "Bad rows to list for each file.")
    var list = 10

    @Flag(help: "What `induce` takes, in place of the job: the sections induction and generation, and the prompts.")
    var induction = false

    func run() async throws {
        let badRows = try induction ? checkInduction() : checkJob()
        if badRows > 0 { throw ExitCode(ExitStatus.finishedWithFailedRows.rawValue) }
    }

    /// Returns how many rows are bad.
    private func checkInduction() throws -> Int {
        let definition: InductionDefinition
        do {
            definition = try InductionDefinition(configuration.readInduction())
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let read = definition.configuration
        let badRows = try inspect(
            "prompts", read.induction.prompts, definition.options, readsControlTokens: read.readsControlTokensOfRows)
        for side in definition.sides {
            print(
                "\(side.side.kind): \(side.template.map { "generated, template \($0.identity.debugDescription)" } ?? "given")"
            )
        }
        print("model: \(try modelText(read.model))")
        print("output: \(read.induction.output)")
        print("errors: \(read.induction.errors) (prompts without an anchor)")
        if let hosts = hostsText(read.cluster) { print("hosts: \(hosts)") }
        return badRows
    }

    /// Returns how many rows are bad.
    private func checkJob() throws -> Int {
        let definition: JobDefinition
        do {
            definition = try JobDefinition(configuration.read())
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        var badRows = 0
        for file in definition.anchorFiles {
            badRows += try inspect(
                file.step.name, file.path, file.options, readsControlTokens: definition.readsControlTokens)
        }
        let refusesColumns = definition.configuration.dataset.existingColumns == .refuse
        badRows += try inspect(
            "rows", definition.configuration.job.input, definition.inputOptions,
            readsControlTokens: definition.readsControlTokens, refusesColumns: refusesColumns,
            labels: definition.labels)
        if let notice = definition.unreadLabelsNotice { print("  \(notice)") }
        print("model: \(try modelText(definition.configuration.model))")
        print("template: \(definition.template.identity.debugDescription)")
        print("output: \(definition.configuration.job.output)")
        print("errors: \(definition.configuration.job.errors) (rows that cannot be annotated)")
        if let hosts = hostsText(definition.configuration.cluster) { print("hosts: \(hosts)") }
        return badRows
    }

    /// Reads a file to its end; returns how many of its rows are bad.
    ///
    /// - Parameters:
    ///   - refusesColumns: whether a row is bad that has a column of the name of one that outputs add.
    ///   - labels: columns that say how strongly rows were labelled.
    private func inspect(
        _ name: String, _ path: String, _ options: DatasetOptions, readsControlTokens: Bool,
        refusesColumns: Bool = false, labels columns: LabelColumns = LabelColumns()
    ) throws -> Int {
        do {
            var reader = try DatasetReader(path: path, options: options)
            var rows = 0
            var problems: [String] = []
            var badRows = 0
            var notices = RowNotices()
            var labels = LabelReader(columns)
            let existing = refusesColumns ? ExistingColumns(.refused, ranking: reader.ranking) : nil
            while let record = try reader.next() {
                rows += 1
                notices.add(record, hasResponses: options.purpose != .prompt)
                if case .success = record.content { labels.read(record) }
                guard let problem = Self.problem(with: record, existing) else { continue }
                badRows += 1
                if problems.count < list { problems.append(problem) }
            }
            let format = reader.detectedFormat?.name ?? (options.columns == nil ? "no rows" : "configured columns")
            print("\(name): \(path): \(rows) rows (\(format)), \(badRows) of them bad")
            for problem in problems { print("  \(problem)") }
            if badRows > problems.count { print("  … and \(badRows - problems.count) more") }
            if rows == 0 { print("  there is nothing in it") }
            if let ranking = reader.ranking, let several = notices.several {
                print("  \(several.text) (\(ranking.words))")
            }
            let ofLabels = (columns.strength?.names ?? []) + (columns.votes?.names ?? [])
            let unread = reader.unreadColumns.filter { name in
                !ofLabels.contains { $0.utf8.elementsEqual(name.utf8) }
            }
            if !unread.isEmpty { print("  columns that are not read: \(unread.listed)") }
            for line in labels.readLines + notices.lines(readsControlTokens: readsControlTokens) + labels.lines {
                print("  \(line)")
            }
            if rows == badRows, options.purpose == .anchor {
                throw Failure("\(path): no anchor can be used: no direction can be fitted")
            }
            return badRows
        } catch {
            throw Failure("\(error)", status: .usage)
        }
    }

    /// Why a row cannot be annotated; nil where it can, or has nothing to compare.
    ///
    /// - Parameter existing: what refuses columns; nil where none are refused.
    private static func problem(with record: DatasetRecord, _ existing: ExistingColumns?) -> String? {
        if case .failure(let error) = record.content { return error.problem.isNoFailure ? nil : "\(error)" }
        return existing?.problem(with: record).map { "line \(record.line): \($0)" }
    }

    /// What `up` would start.
    private func hostsText(_ cluster: Configuration.Cluster) -> String? {
        guard !cluster.hosts.isEmpty else { return nil }
        let workers = cluster.hosts.map(\.workers).reduce(0, +)
        let route = cluster.advertise.map { "that connect to \($0)" } ?? "that are reached through ssh"
        return "\(cluster.hosts.count), with \(workers) workers \(route) (legend-coordinator up)"
    }

    /// Looks which files the model is made of, where it is here, and at the first bytes of one file: only workers
    /// know more of models.
    private func modelText(_ model: Configuration.Model) throws -> String {
        let precision = "precision \(model.precision), \(model.backend)"
        guard FileStatus(path: model.path) != nil else {
            return "\(model.path) (not on this machine: every worker needs it there or as --model), \(precision)"
        }
        let parts: ModelParts
        do {
            parts = try ModelParts(path: model.path)
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        if parts.manifest == nil, try FileHandle(forReadingAtPath: model.path)?.read(upToCount: 4) != Data("GGUF".utf8)
        {
            throw Failure(
                "\(model.path): expected a folder, or a GGUF file, which begins with \"GGUF\"", status: .usage)
        }
        let size = parts.manifest == nil ? "" : " (\(parts.files.count) files, \(parts.byteCount / 1_000_000) MB)"
        return "\(model.path)\(size), \(precision)"
    }
}
