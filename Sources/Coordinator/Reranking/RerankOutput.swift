internal import Dataset
internal import Diagnostics
internal import Digest
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol
internal import Reports

/// Joins the candidates with their scores, and writes them with their ranks, in the order of the input, and beside them those
/// that cannot be scored, and the curve where there are labels.
struct RerankOutput {
    let definition: RerankDefinition
    let ledger: Ledger

    struct Summary: LocalOutcome {
        var ranked = 0
        var prompts = 0

        /// Ranked, and not among the best that are wanted.
        var left = 0
        var failed = 0
        var curves: BestOfNCurves?

        /// Ranked responses whose text was cut.
        var truncated = 0

        /// Scored responses whose label is none.
        var unlabelled = 0

        /// Prompts that the scores were fitted on, and whether the curve is without them.
        var knownPrompts = 0
        var areKnownLeftOut = false
    }

    /// A response that could be scored.
    private struct Scored {
        var row: UInt64

        /// In the order of the scorers' kinds.
        var scores: [Double]
        var length = 0

        /// 0 or 1; nil without a label.
        var label: Double?
    }

    /// Whether texts that are too long are cut.
    private var truncates: Bool { definition.configuration.model.truncation != .error }

    /// - Throws: `FileError` where the candidates changed meanwhile or a file cannot be written; a ledger error.
    func run() throws -> Summary {
        guard try SHA256Digest(ofDataset: definition.request.candidates).description == definition.digest else {
            throw FileError(
                path: definition.request.candidates,
                problem: "it is not the file any more whose responses were scored; begin anew with --restart")
        }
        var summary = Summary()
        let prompts = try scoredPrompts(&summary)
        summary.prompts = prompts.count
        var ranks: [UInt64: RankedRow] = [:]
        let spreads = definition.scorers.kinds.indices.map { spread(prompts, $0) }
        let truncated = truncates ? try ledger.truncatedRows(of: .rows) : nil
        summary.truncated = truncated?.count ?? 0
        for responses in prompts {
            let scores = responses.map { score($0, definition.ranker, spreads) }
            let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
            var rank = 0
            for (place, index) in order.enumerated() {
                if place == 0 || scores[index] != scores[order[place - 1]] { rank = place + 1 }
                let response = responses[index]
                ranks[response.row] = RankedRow(
                    rank: rank, place: place + 1, candidates: responses.count, score: scores[index],
                    scores: zip(definition.scorers.kinds, response.scores).map { ($0, $1) },
                    isTruncated: truncated?.contains(response.row))
            }
        }
        try write(ranks, &summary)
        if let label = definition.labelColumn {
            let known = try knownRows()
            let others = prompts.filter { responses in !responses.contains { known.contains($0.row) } }
            summary.knownPrompts = prompts.count - others.count
            // Of one prompt there is no curve.
            summary.areKnownLeftOut = others.count > 1
            summary.curves = curves(summary.areKnownLeftOut ? others : prompts, spreads, label: label)
        }
        if let curves = summary.curves {
            try AtomicFile.write(curves.serialized, to: definition.figures)
        } else {
            try AtomicFile.remove(definition.figures)
        }
        return summary
    }

    /// Candidates for prompts that the scores were fitted on, which they flatter.
    private func knownRows() throws -> Set<UInt64> {
        guard let fittedOn = definition.scorers.fittedOn, !fittedOn.isEmpty else { return [] }
        var known: Set<UInt64> = []
        try ledger.forEachPrompt(of: [.rows]) { _, row, prompt in
            if fittedOn.contains(prompt, text: nil) { known.insert(row) }
        }
        return known
    }

    /// The responses of each prompt, in the order of the prompts' first ones.
    private func scoredPrompts(_ summary: inout Summary) throws -> [[Scored]] {
        let numbers = try ledger.prompts(of: .rows)
        var places: [Int: Int] = [:]
        var prompts: [[Scored]] = []
        var placeOfRow: [UInt64: (prompt: Int, response: Int)] = [:]
        let count = definition.scorers.kinds.count
        try ledger.forEachRow(of: .rows) { row, result in
            guard case .values(let values) = result, let number = numbers[row] else { return }
            let scores = try values.doubles()
            guard scores.count == count else {
                throw Problem("row \(row) has \(scores.count) scores; expected \(count)")
            }
            let place = places[number] ?? prompts.count
            places[number] = place
            if place == prompts.count { prompts.append([]) }
            placeOfRow[row] = (place, prompts[place].count)
            prompts[place].append(Scored(row: row, scores: scores))
        }
        var reader = try DatasetReader(path: definition.request.candidates, options: definition.options)
        while let record = try reader.next() {
            guard case .success(let pair) = record.content, let place = placeOfRow[UInt64(record.index)] else {
                continue
            }
            prompts[place.prompt][place.response].length = pair.other.utf8.count
            guard let column = definition.labelColumn else { continue }
            let label = record.original.value(of: column)?.name.flatMap(CandidateSurvey.label)
            if label == nil { summary.unlabelled += 1 }
            prompts[place.prompt][place.response].label = label
        }
        return prompts
    }

    /// The standard deviation of a score within prompts: where the prompts are says nothing of responses. Where no prompt has two,
    /// that of all.
    private func spread(_ prompts: [[Scored]], _ kind: Int) -> Double {
        let prompts = prompts.contains { $0.count > 1 } ? prompts : [prompts.flatMap(\.self)]
        var squares = 0.0
        var count = 0
        for responses in prompts where responses.count > 1 {
            let mean = responses.reduce(0) { $0 + $1.scores[kind] } / Double(responses.count)
            squares += responses.reduce(0) { $0 + ($1.scores[kind] - mean) * ($1.scores[kind] - mean) }
            count += responses.count - 1
        }
        return count > 0 ? (squares / Double(count)).squareRoot() : 0
    }

    private func score(_ response: Scored, _ ranker: Ranker, _ spreads: [Double]) -> Double {
        func of(_ kind: ResponseScorers.Kind) -> (score: Double, spread: Double) {
            guard let place = definition.scorers.kinds.firstIndex(of: kind) else {
                preconditionFailure("a ranker that was not checked")
            }
            return (response.scores[place], spreads[place])
        }
        switch ranker {
        case .random: return 0
        case .shortest: return -Double(response.length)
        case .score(let kind): return of(kind).score
        case .headAndOurs:
            return [of(.head), of(.ours)].reduce(0) { $0 + ($1.spread > 0 ? $1.score / $1.spread : 0) / 2 }
        }
    }

    private func write(_ ranks: [UInt64: RankedRow], _ summary: inout Summary) throws {
        var reader = try DatasetReader(path: definition.request.candidates, options: definition.options)
        var files = try RowFiles(
            path: definition.request.output, errorsPath: definition.errors,
            columns: reader.schema.map {
                TableColumns(
                    $0, name: RankedRow.name(of:),
                    usual: RankedRow.usual(definition.scorers.kinds, truncates: truncates))
            })
        var pending: [DatasetRecord] = []
        func flush() throws {
            guard let first = pending.first, let last = pending.last else { return }
            let results = try ledger.results(of: .rows, rows: UInt64(first.index)..<UInt64(last.index) + 1)
            for record in pending {
                if let ranked = ranks[UInt64(record.index)] {
                    summary.ranked += 1
                    guard ranked.place <= definition.request.best ?? .max else {
                        summary.left += 1
                        continue
                    }
                    try files.write(ranked.row(record.original))
                    continue
                }
                summary.failed += 1
                var reason = "no result: this is a fault of ours"
                if case .failure(let error) = record.content { reason = "\(error)" }
                if case .failed(let why) = results[UInt64(record.index)] { reason = why }
                try files.write(record, reason: reason)
            }
            pending = []
        }
        while let record = try reader.next() {
            pending.append(record)
            if pending.count == 4096 { try flush() }
        }
        try flush()
        try files.seal()
        try files.publish()
    }

    private func curves(_ prompts: [[Scored]], _ spreads: [Double], label: String) -> BestOfNCurves {
        let rankers = Ranker.all.filter { $0.kinds.allSatisfy(definition.scorers.kinds.contains) }
        let responses = prompts.map { responses in
            responses.compactMap { response in
                response.label.map { label in
                    BestOfNCurves.Response(
                        label: label, length: response.length,
                        scores: rankers.map { score(response, $0, spreads) })
                }
            }
        }
        return BestOfNCurves(responses, label: label, rankers: rankers.map(\.name))
    }
}

extension RerankOutput.Summary {
    /// For a person, a few lines.
    func text(_ definition: RerankDefinition, warnings: [String]) -> String {
        var lines = [
            "\(ranked.counted("response")) of \(prompts.counted("prompt")) ranked by \(definition.ranker.name)"
        ]
        if failed > 0 { lines[0] += "; \(failed) cannot be scored: the errors file says why" }
        if truncated > 0 {
            lines.append(
                "truncated: \(truncated.counted("response")), which score_truncated marks, had more tokens than fit: "
                    + definition.configuration.model.truncation.loss)
        }
        if let best = definition.request.best, left > 0 {
            lines.append(
                "written: the best \(best == 1 ? "one" : "\(best)") of each prompt, \((ranked - left).counted("response")) in all"
            )
        }
        lines.append("scores: \(definition.scorers.path) (\(definition.scorers.place))")
        if let curves {
            lines += curves.lines
            if knownPrompts > 0 {
                lines.append(
                    "warning: the scores were fitted on \(knownPrompts) of the \(prompts) prompts, which flatters them: "
                        + (areKnownLeftOut
                            ? "these are left out of the curve" : "there are too few others to leave them out"))
            }
            if unlabelled > 0 {
                lines.append(
                    "warning: \(unlabelled) of \(ranked) responses have no label of 0 or 1 in \(curves.label.quoted), and are not in the curve"
                )
            }
        }
        lines += warnings.map { "warning: \($0)" }
        lines.append("output: \(definition.request.output)")
        if curves != nil { lines.append("curve: \(definition.figures)") }
        if failed > 0 { lines.append("errors: \(definition.errors)") }
        return lines.joined(separator: "\n")
    }
}
