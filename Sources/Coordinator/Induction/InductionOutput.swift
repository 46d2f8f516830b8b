internal import Dataset
internal import Diagnostics
internal import Digest
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Prompting
internal import Protocol
internal import TextFeatures

/// Joins the prompts with the responses to them, and writes the rows, and beside them the prompts that have none.
struct InductionOutput {
    let definition: InductionDefinition
    let ledger: Ledger

    /// What generated the texts; nil where there was no prompt.
    let model: LoadedModel?

    struct Summary: LocalOutcome {
        var prompts = 0
        var rows = 0

        /// Of which a response is missing.
        var failedPrompts = 0

        /// Where the file is now that was in the output's place, and that another job or a person wrote.
        var previous: String?

        /// Of each side that is generated, how the texts of its rows ended.
        var endings: [String: [GeneratedText.Ending: Int]] = [:]
        var tokens: [String: Int] = [:]
    }

    /// Of the refusals that a prompt has: as for anchors without a harmless side.
    private static let refusalSeed: UInt64 = 14

    /// Prompts whose responses are in memory at a time.
    private static let promptsAtATime = 512

    /// - Throws: `FileError` where the prompts changed meanwhile or a file cannot be written; a ledger error.
    func run() throws -> Summary {
        let induction = definition.configuration.induction
        guard try SHA256Digest(ofDataset: induction.prompts).description == definition.promptsDigest else {
            throw FileError(
                path: induction.prompts,
                problem: "it is not the file any more that responses were generated for; begin anew with --restart")
        }
        try refuseToReplaceWhatWasEdited()
        var files = try RowFiles(path: induction.output, errorsPath: induction.errors)
        var reader = try DatasetReader(path: induction.prompts, options: definition.options)
        var summary = Summary()
        var records: [DatasetRecord] = []
        func write(_ records: [DatasetRecord], to files: inout RowFiles) throws {
            guard let first = records.first, let last = records.last else { return }
            let rows = UInt64(first.index)..<UInt64(last.index) + 1
            let results = try definition.sides.map { side in
                try side.step.map { try ledger.results(of: $0.id, rows: rows) }
            }
            for record in records {
                summary.prompts += 1
                let (rows, problems) = try self.rows(of: record, results.map { $0?[UInt64(record.index)] }, &summary)
                for row in rows { try files.write(row.json) }
                summary.rows += rows.count
                guard !problems.isEmpty else { continue }
                summary.failedPrompts += 1
                try files.write(record, reason: problems.joined(separator: "; "))
            }
        }
        while let record = try reader.next() {
            records.append(record)
            guard records.count == Self.promptsAtATime else { continue }
            try write(records, to: &files)
            records = []
        }
        try write(records, to: &files)
        try files.seal()
        summary.previous = try keepWhatIsThere()
        try files.publish()
        try ledger.set(Self.publishedName, to: Array(SHA256Digest(ofFile: induction.output).description.utf8))
        return summary
    }

    /// A file that this job did not write may be one that a person made of an earlier one's.
    ///
    /// - Returns: what it is called now; nil where there was none.
    private func keepWhatIsThere() throws -> String? {
        let path = definition.configuration.induction.output
        guard try ledger.setting(Self.publishedName) == nil, FileManager.default.fileExists(atPath: path) else {
            return nil
        }
        let previous = definition.configuration.induction.previousOutput
        try FolderEntry.rename(FilePlace(path).path, to: previous)
        return previous
    }

    /// SHA-256 of the output as it was written last.
    private static let publishedName = "published"

    /// A finished job that is run again writes its output again; not over what a person made of it.
    private func refuseToReplaceWhatWasEdited() throws {
        let path = definition.configuration.induction.output
        guard let published = try ledger.setting(Self.publishedName), FileManager.default.fileExists(atPath: path),
            try SHA256Digest(ofFile: path).description.utf8.elementsEqual(published) == false
        else { return }
        throw Problem(
            """
            \(path) was changed since this job wrote it, and is left as it is. For a new one give another \
            induction.output, or move the file away
            """, isOfConfiguration: true)
    }

    /// A response, or why there is none.
    private typealias Response = Result<InducedRow.Response, Problem>

    /// What one prompt comes to.
    ///
    /// - Parameter results: of each side; nil for one that is not generated.
    private func rows(
        of record: DatasetRecord, _ results: [RowResult?], _ summary: inout Summary
    ) throws -> (rows: [InducedRow], problems: [String]) {
        let prompt: Conversation
        switch record.content {
        case .failure(let error): return ([], ["\(error)"])
        case .success(let pair): prompt = pair.prompt
        }
        let responses = try zip(definition.sides, results).map { side, result in
            try self.responses(of: side, prompt, record, result, &summary)
        }
        var problems: [String] = []
        func good(_ response: Response) -> InducedRow.Response? {
            switch response {
            case .success(let response): return response
            case .failure(let problem):
                problems.append("\(problem)")
                return nil
            }
        }
        var rows: [InducedRow] = []
        switch definition.configuration.induction.sides {
        case .candidates:
            for (number, response) in responses[0].enumerated() {
                guard let response = good(response) else { continue }
                rows.append(InducedRow(row: record.index, prompt: prompt, .candidate(response, number: number)))
            }
        case .anchors:
            let harmful = good(responses[0][0])
            for (side, harmless) in zip(definition.sides.dropFirst(), responses.dropFirst()) {
                guard let harmless = good(harmless[0]), let harmful else { continue }
                rows.append(
                    InducedRow(
                        row: record.index, prompt: prompt,
                        .anchor(harmless: harmless, harmful: harmful, kind: side.side.kind)))
            }
        }
        return (rows, problems)
    }

    private func responses(
        of side: InductionDefinition.Side, _ prompt: Conversation, _ record: DatasetRecord, _ result: RowResult?,
        _ summary: inout Summary
    ) throws -> [Response] {
        let kind = side.side.kind
        func failure(_ problem: String) -> Response { .failure(Problem("\(kind): \(problem)")) }
        switch side.side.origin {
        case .refusals:
            let refusal = Refusals.chosen(forPrompt: prompt.text, count: 1, seed: Self.refusalSeed)[0]
            return [.success(InducedRow.Response(text: refusal, origin: .refusals))]
        case .column(let column):
            guard let text = record.original.value(of: column)?.name, !text.isBlank else {
                return [failure("the column \(column.quoted) is missing or empty")]
            }
            return [.success(InducedRow.Response(text: text, origin: .column(column)))]
        case .generated: break
        }
        let values: Tensor
        switch result {
        case nil: return Array(repeating: failure("no result: this is a fault of ours"), count: side.responses)
        case .failed(let reason): return [failure(reason)]
        case .values(let known): values = known
        }
        return try GeneratedText.texts(serialized: values.bytes).map { text in
            summary.endings[kind, default: [:]][text.ending, default: 0] += 1
            summary.tokens[kind, default: 0] += text.tokens
            let trimmed = String(text.text.trimmed)
            guard !trimmed.isEmpty else { return failure("the model said nothing (it ended with \(text.ending))") }
            let isCutOff = text.ending == .limit || text.ending == .context
            guard !isCutOff || definition.configuration.generation.cutOff == .keep else {
                return failure("it was cut off after \(text.tokens) tokens (generation.cut_off: error)")
            }
            return .success(
                InducedRow.Response(text: trimmed, origin: .generated(provenance(of: side, text))))
        }
    }

    private func provenance(of side: InductionDefinition.Side, _ text: GeneratedText) -> InducedRow.Provenance {
        InducedRow.Provenance(
            model: model?.name ?? "", modelSHA256: model?.digest ?? "", precision: model?.precision.rawValue ?? "",
            template: side.template?.identity ?? "", system: side.system ?? "",
            maxNewTokens: side.settings.maxNewTokens, temperature: side.settings.temperature,
            topP: side.settings.topP, seed: definition.configuration.generation.settings.seed,
            stop: side.settings.stops, tokens: text.tokens, ending: text.ending.rawValue)
    }
}

extension InductionOutput.Summary {
    /// For a person, a few lines.
    func text(_ definition: InductionDefinition, warnings: [String]) -> String {
        let induction = definition.configuration.induction
        let what = if case .anchors = induction.sides { "anchor" } else { "candidate" }
        var lines = ["\(rows.counted(what)) of \(prompts.counted("prompt"))"]
        if failedPrompts > 0 {
            lines[0] += "; \(failedPrompts) \(failedPrompts == 1 ? "has" : "have") an error: the errors file says why"
        }
        for side in definition.sides {
            let kind = side.side.kind
            switch side.side.origin {
            case .refusals: lines.append("\(kind): refusals of our own, one chosen by the prompt")
            case .column(let column): lines.append("\(kind): from the column \(column.quoted)")
            case .generated:
                let endings = endings[kind] ?? [:]
                let total = endings.values.reduce(0, +)
                let ways: [(GeneratedText.Ending, String)] = [
                    (.end, "ended by the model"), (.stop, "by a stop text"),
                    (.limit, "cut off after \(side.settings.maxNewTokens) tokens"),
                    (.context, "cut off at the end of the context"),
                ]
                let parts = ways.compactMap { ending, words in endings[ending].map { "\($0) \(words)" } }
                let counts = "\(total.counted("text")) generated, \((tokens[kind] ?? 0).counted("token"))"
                lines.append(
                    "\(kind): "
                        + ([counts] + (parts.isEmpty ? [] : [parts.joined(separator: ", ")])).joined(separator: "; "))
            }
        }
        lines += warnings.map { "warning: \($0)" }
        lines.append("output: \(induction.output)")
        if let previous { lines.append("what was there before: \(previous)") }
        if failedPrompts > 0 { lines.append("errors: \(induction.errors)") }
        return lines.joined(separator: "\n")
    }
}
