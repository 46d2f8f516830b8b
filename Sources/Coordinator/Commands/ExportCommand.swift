internal import ArgumentParser
internal import CommandLineTool
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
              control-vector      a GGUF file, in place of rows

            trl and odpo have texts, of which trainers join prompt and response with nothing between: prompts are \
            transcripts that end with "Assistant:", responses begin with a space; --template has other forms. With lists of \
            messages a trainer applies the chat template of the model that it trains.

            odpo is for preference optimisation with an offset (Amini et al. 2024): the offset is the margin, and the \
            difference of the two rewards. Rows whose margin is not above 0 have none: they go to the errors, or are flipped.

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
              0 all rows are exported (or dropped by --negative drop); 3 some cannot be; 2 the command line or a file must be \
            changed, nothing is written; 1 else.
            """)

    @Argument(
        help: ArgumentHelp("An annotated file, a job's configuration, or a direction.", valueName: "source"),
        completion: .file(extensions: ["jsonl", "gz", "yaml", "yml", "safetensors"]))
    var source: String

    @Option(help: "What for: \(ExportFormat.allCases.map(\.rawValue).joined(separator: ", ")).")
    var to: ExportFormat

    @Option(
        help: ArgumentHelp(
            "Where to write, compressed if it ends with .gz (default: X.FORMAT.jsonl beside X.jsonl, or X.control-vector.gguf).",
            valueName: "file"),
        completion: .file(extensions: ["jsonl", "gz", "gguf"]))
    var output: String?

    @Option(
        help: """
            What becomes of rows whose margin is below 0: keep them, clip (the margin is 0), drop, or flip (the responses change \
            places) (default: keep; drop for odpo, which can but drop or flip).
            """)
    var negative: NegativeMargins?

    @Option(help: ArgumentHelp("A column of the rows that goes along; may be repeated.", valueName: "column"))
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

    func validate() throws {
        let isConfiguration = ["yaml", "yml"].contains((source as NSString).pathExtension.lowercased())
        try replacements.validate(configuration: isConfiguration ? source : nil)
        if to == .controlVector {
            guard negative == nil, keep.isEmpty else {
                throw ValidationError("--negative and --keep are of rows, which a control vector has none of")
            }
            if let length, !(length.isFinite && length > 0) {
                throw ValidationError("--length: expected a number above 0, found \(length)")
            }
        } else {
            guard length == nil else { throw ValidationError("--length is of control vectors") }
            guard !source.hasSuffix(".safetensors") else {
                throw ValidationError("expected an annotated file or a configuration, found \(source)")
            }
        }
        guard template == nil || to.isPlainText else {
            throw ValidationError("--template is of texts (trl, odpo); \(to.rawValue) has messages, or no rows")
        }
        if let negative, !to.possibleNegatives.contains(negative) {
            throw ValidationError(
                "--negative: expected \(to.possibleNegatives.map(\.rawValue).joined(separator: " or ")), found \(negative.rawValue)"
            )
        }
        if let column = keep.first(where: to.reads) {
            throw ValidationError(
                "--keep: a trainer that takes \(to.rawValue) reads a column \(column.quoted) as its own")
        }
        if let repeated = keep.indices.first(where: { keep[..<$0].contains(keep[$0]) }) {
            throw ValidationError("--keep: \(keep[repeated].quoted) is named twice")
        }
    }

    func run() async throws {
        let text: String
        let failedRows: Int
        do {
            let source = try ExportSource(source, overrides: replacements.overrides)
            let output =
                output.map { FilePlace.absolute(($0 as NSString).expandingTildeInPath) } ?? source.usualOutput(to)
            try checkName(of: output)
            if to == .controlVector {
                text = try exportVector(of: source, to: output)
                failedRows = 0
            } else {
                (text, failedRows) = try exportRows(of: source, to: output)
            }
        } catch {
            throw Failure(ending: error, state: "")
        }
        print(text)
        if failedRows > 0 { throw ExitCode(ExitStatus.finishedWithFailedRows.rawValue) }
    }

    /// What is written is read by its name.
    private func checkName(of output: String) throws {
        guard to.endings.contains(where: output.lowercased().hasSuffix) else {
            throw Problem(
                "--output: for \(to.rawValue) expected a name that ends with \(to.endings.joined(separator: " or ")), found \(output)",
                isOfConfiguration: true)
        }
    }

    private func exportRows(of source: ExportSource, to output: String) throws -> (text: String, failedRows: Int) {
        guard let rows = source.rows else { preconditionFailure("the options were checked") }
        let errors = Configuration.Job.path(beside: output, ending: Configuration.Job.errorsEnding)
        try source.check(writing: output, errors: errors)
        for path in [output, errors] { try OutputPlace.check(path) }
        let form: TextForm
        do {
            form = try TextForm(template ?? TextForm.transcriptName)
        } catch {
            throw Problem(
                error.description.replacing("embedding.template", with: "--template"), isOfConfiguration: true)
        }
        let export = RowExport(
            path: rows, output: output, errors: errors, format: to, form: form, negative: negative ?? to.usualNegative,
            keptColumns: keep, options: source.options)
        try OutputPlace.makeFolder(of: output)
        let console = Console(showsProgress: !quiet)
        defer { console.endProgress() }
        let summary = try export.run { done, total in console.show(step: "exporting rows", done: done, of: total) }
        return (export.text(summary, remarks: source.remarks(to)), summary.failedRows)
    }

    private func exportVector(of source: ExportSource, to output: String) throws -> String {
        try source.check(writing: output, errors: nil)
        try OutputPlace.check(output)
        let saved = try JobDefinition.readDirection(source.direction)
        let measured = try length ?? source.typicalLength()
        let vector = try ControlVector(saved, length: measured, path: source.direction)
        try OutputPlace.makeFolder(of: output)
        try AtomicFile.write(vector.serialized, to: output)
        let provenance = saved.provenance
        var lines = [
            """
            control vector of length \(measured.rounded(toPlaces: 4)) behind block \(vector.block) (layer \
            \(provenance.layer) of \(provenance.layerCount)), for \(provenance.model)
            """
        ]
        if let categories = saved.categories {
            lines.append("note: it is the direction of all rows; those of \(categories.column.quoted) are not exported")
        }
        return (lines + source.remarks(to) + ["output: \(output)"]).joined(separator: "\n")
    }
}
