internal import ArgumentParser
internal import CommandLineTool
internal import Dataset
internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import Reports

struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Write annotated rows as a trainer takes them, or the direction as llama.cpp does.",
        discussion: """
            SOURCE is a file that `run` wrote, or the job's configuration (.yaml), whose output is exported then: it also \
            says how the rows are read, where their columns have names of their own. Rows keep their order and their \
            margins, in the unit in which they are. Texts are as the rows have them, without the job's template.

            FORMATS
              trl                 prompt, chosen, rejected, margin
              trl-conversational  the same, as lists of messages
              openrlhf            chosen, rejected (whole conversations), margin
              ms-swift            messages, rejected_messages (whole conversations), margin
              odpo                prompt, chosen, rejected, chosen_reward, rejected_reward, offset
              legend              input, chosen, rejected, margin, generator: one array in JSON
              control-vector      a GGUF file, in place of rows

            trl and odpo have texts, of which trainers join prompt and response with nothing between: prompts are \
            transcripts that end with "Assistant:", responses begin with a space; --template has other forms. With lists of \
            messages a trainer applies the chat template of the model that it trains.

            odpo is for preference optimisation with an offset (Amini et al. 2024): the offset is the margin, and the \
            difference of the two rewards. Rows whose margin is not above 0 have none: they go to the errors, or are flipped.

            legend is what the code that Legend's authors released writes and reads; generator is the model that the margins \
            are of. Its input is what `compat: legend` puts into the template.

            A control vector is the direction as llama.cpp takes it (--control-vector, or --control-vector-scaled with a \
            strength): hidden states become safer along it, with a strength below 0 less safe. Strength 1 moves their scores \
            by as much as chosen and rejected responses differ on average, or by --length. For that format SOURCE may also \
            be a direction (.safetensors), with --length.

            Rows that cannot be exported, or are not wanted, are in OUTPUT.errors.jsonl, with the reason.

            EXAMPLES
              legend-coordinator export out/annotated.jsonl --to trl-conversational
              legend-coordinator export cluster.yaml --to odpo --output train.jsonl --keep category
              legend-coordinator export out/annotated.jsonl --to control-vector --output safety.gguf

            EXIT STATUS
              0 all rows are exported, or not wanted (--negative drop; odpo: margins that are not above 0); 3 some cannot be; 2 \
            the command line or a file must be changed, nothing is written; 1 else.
            """)

    @Argument(
        help: ArgumentHelp("An annotated file, a job's configuration, or a direction.", valueName: "source"),
        completion: .file(extensions: ["jsonl", "gz", "zst", "parquet", "yaml", "yml", "safetensors"]))
    var source: String

    @Option(help: "What for: \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var to: ExportFormat

    @Option(
        help: ArgumentHelp(
            "Where to write, compressed if it ends with .gz or .zst (default: X.FORMAT.jsonl beside X.jsonl, X.legend.json or X.control-vector.gguf).",
            valueName: "file"),
        completion: .file(extensions: ["jsonl", "json", "gz", "zst", "gguf"]))
    var output: String?

    @Option(
        help: """
            What becomes of rows whose margin is below 0: keep them, clip (the margin is 0), drop, or flip (the responses change \
            places) (default: keep; drop for odpo, which can but drop or flip).
            """)
    var negative: NegativeMargins?

    @Option(
        help: ArgumentHelp(
            "A column of the rows that goes along, as it is, or null in a row without it; may be repeated.",
            valueName: "column"))
    var keep: [String] = []

    @Option(
        help: """
            How texts are made of conversations: transcript, alpaca, chatml, plain, or a text with {prompt} and, at its end, \
            {response} (trl and odpo alone; default: transcript).
            """)
    var template: String?

    @Option(help: "The Euclidean length of a control vector of strength 1.")
    var length: Double?

    @OptionGroup
    private var replacements: ConfigurationReplacements

    @Flag(help: "Print no progress, only the result.")
    var quiet = false

    @Flag(help: "Take the place of a file that is there at --output.")
    var overwrite = false

    func validate() throws {
        let kind = ExportSource.Kind(path: source)
        try replacements.validate(configuration: kind == .configuration ? source : nil)
        if to == .controlVector {
            guard negative == nil else {
                throw ValidationError("--negative is of rows, which a control vector has none of")
            }
            if let length, !(length.isFinite && length > 0) {
                throw ValidationError("--length: expected a number above 0, found \(length)")
            }
        } else {
            guard length == nil else { throw ValidationError("--length is of control vectors") }
            guard kind != .direction else {
                throw ValidationError("expected an annotated file or a configuration, found \(source)")
            }
        }
        guard template == nil || to.isPlainText else {
            throw ValidationError("--template is of texts as trl and odpo have them; \(to.rawValue) has others")
        }
        if let negative, !to.possibleNegatives.contains(negative) {
            let possible = to.possibleNegatives.map(\.rawValue).joined(separator: " or ")
            throw ValidationError("--negative: expected \(possible), found \(negative.rawValue)")
        }
        for (index, column) in keep.enumerated() {
            if let refusal = to.refusal(ofKeeping: column) { throw ValidationError("--keep: \(refusal)") }
            guard !keep[..<index].contains(column) else {
                throw ValidationError("--keep: \(column.quoted) is named twice")
            }
            // They say something of the margin, or of which response is which, as it was.
            if [.flip, .clip].contains(negative), OutputColumn(rawValue: column) != nil {
                throw ValidationError("--keep: \(column.quoted) would be that of the row as it was before --negative")
            }
        }
    }

    func run() async throws {
        let console = Console(showsProgress: !quiet)
        let result: (text: String, failedRows: Int)
        do {
            let source = try ExportSource(source, overrides: replacements.overrides)
            result = to == .controlVector ? (try exportVector(of: source), 0) : try exportRows(of: source, console)
        } catch {
            console.endProgress()
            throw Failure(ending: error, state: "")
        }
        console.endProgress()
        print(result.text)
        if result.failedRows > 0 { throw ExitCode(ExitStatus.finishedWithFailedRows.rawValue) }
    }

    private func exportRows(of source: ExportSource, _ console: Console) throws -> (text: String, failedRows: Int) {
        guard let rows = source.rows else { preconditionFailure("the options were checked") }
        let output = try place(source)
        let errors = Configuration.Job.path(beside: output, ending: Configuration.Job.errorsEnding)
        try check([output, errors], source, errors: errors)
        let export = RowExport(
            path: rows, output: output, errors: errors, format: to,
            form: try TextForm(template ?? TextForm.transcriptName), negative: negative ?? to.usualNegative,
            generator: source.model, keptColumns: keep, options: source.options)
        let survey = try reading { try export.survey() }
        try OutputPlace.makeFolder(of: output)
        let summary = try export.write(survey) { done in
            console.show(step: "exporting rows", done: done, of: survey.rows)
        }
        return (export.text(summary, survey, remarks: source.remarks(survey.margins)), summary.failedRows)
    }

    private func exportVector(of source: ExportSource) throws -> String {
        let output = try place(source)
        try check([output], source, errors: nil)
        let saved = try JobDefinition.readDirection(source.direction)
        let margins = try reading { try source.rows.map(AnnotatedMargins.init(ofFile:)) }
        let length = try length ?? source.typicalLength(of: saved, margins)
        let vector = try ControlVector(saved, length: length, path: source.direction)
        try OutputPlace.makeFolder(of: output)
        try AtomicFile.write(vector.serialized, to: output)
        let provenance = saved.provenance
        var lines = [
            """
            control vector of length \(length.rounded(toPlaces: 4)) behind block \(vector.block) (layer \
            \(provenance.layer) of \(provenance.layerCount)), for \(provenance.model)
            """
        ]
        if provenance.architecture == nil {
            lines.append(
                """
                note: an older legend-coordinator fitted the direction, and it does not say of which architecture its \
                model is: the file has no controlvector.model_hint
                """)
        }
        if let categories = saved.categories {
            lines.append("note: it is the direction of all rows; those of \(categories.column.quoted) are not exported")
        }
        return (lines + (margins.map(source.remarks) ?? []) + ["output: \(output)"]).joined(separator: "\n")
    }

    /// Where it goes.
    private func place(_ source: ExportSource) throws(Problem) -> String {
        guard let output else { return source.usualOutput(to) }
        let path = FilePlace.absolute((output as NSString).expandingTildeInPath)
        guard to.endings.contains(where: path.hasSuffix) else {
            throw Problem(
                """
                --output: for \(to.rawValue) expected a name that ends with \(to.endings.joined(separator: " or ")), found \
                \(output)
                """, isOfConfiguration: true)
        }
        return path
    }

    /// That nothing is lost where it goes.
    private func check(_ written: [String], _ source: ExportSource, errors: String?) throws {
        try source.check(writing: written[0], errors: errors)
        for path in written { try OutputPlace.check(path) }
        // A file that nobody named is an earlier export.
        guard output != nil, !overwrite, let known = written.first(where: { FileStatus(path: $0) != nil }) else {
            return
        }
        throw Problem("\(known): there is a file already: --overwrite takes its place", isOfConfiguration: true)
    }

    /// What cannot be read must be another file.
    private func reading<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let error as FileError {
            throw Failure("\(error)", status: .usage)
        }
    }
}
