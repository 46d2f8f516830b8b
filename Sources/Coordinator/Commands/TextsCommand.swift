internal import ArgumentParser
internal import CommandLineTool
internal import Dataset
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import Prompting
internal import Protocol

struct TextsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "texts",
        abstract: "Write the texts that the model would read, without computing anything.",
        discussion: """
            Renders every row as the job would, and writes one JSON object a line, in the order of the input: the row's \
            number (from 0; of rows with several responses the pair's), the prompt, and the responses, chosen (of an anchor: \
            harmless, or the refusals in its place) before rejected (harmful). \
            The model reads the prompt and, right behind it, a response. Where the template has control tokens, \
            prompt_controls and response_controls are the ranges of bytes whose text stands for them.

            EXAMPLES
              legend-coordinator texts cluster.yaml --limit 3
              legend-coordinator texts cluster.yaml --anchors --output anchors.texts.jsonl

            EXIT STATUS
              0 all texts are written; 3 some rows cannot be read, and standard error says why; 2 the configuration is \
            wrong.
            """)

    @OptionGroup
    var configuration: ConfigurationOptions

    @Flag(help: "The anchors' texts in place of the rows': of several files one file's after the other's.")
    var anchors = false

    @Option(help: "Stop after so many rows that can be read.")
    var limit: Int?

    @Option(
        help: ArgumentHelp(
            "Where to write, compressed if it ends with .gz or .zst (default: standard output).", valueName: "file"),
        completion: .file(extensions: ["jsonl", "gz"]))
    var output: String?

    func validate() throws {
        if let limit, limit < 1 { throw ValidationError("--limit: expected a number above 0, found \(limit)") }
    }

    func run() async throws {
        let inputs: [StepInput]
        do {
            let definition = try JobDefinition(configuration.read())
            inputs = (anchors ? definition.anchorFiles.map(\.step) : [.rows]).compactMap(definition.input)
            guard !inputs.isEmpty else { throw Failure("--anchors: the job has no file of anchors") }
            if let output {
                let written = Configuration.written("--output", FilePlace.absolute(output))
                let paths = definition.configuration.paths(ofFile: FilePlace.absolute(configuration.configuration))
                let problems = paths.besides(writing: written).collisions
                guard problems.isEmpty else { throw ConfigurationError(problems: problems) }
            }
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        let badRows: Int
        do {
            badRows = try write(inputs)
        } catch {
            throw Failure("\(error)")
        }
        guard badRows > 0 else { return }
        StandardError.write("\(badRows) \(badRows == 1 ? "row" : "rows") cannot be read\n")
        throw ExitCode(ExitStatus.finishedWithFailedRows.rawValue)
    }

    /// Returns how many rows were bad on the way.
    private func write(_ inputs: [StepInput]) throws -> Int {
        var sink = try Sink(path: output)
        var written = 0
        var badRows = 0
        for input in inputs {
            var reader = try input.reader()
            while written < limit ?? .max, let record = try reader.next() {
                switch record.content {
                case .success(let pair):
                    try sink.write(TextLine(row: record.index, try input.text(of: pair)).bytes)
                    written += 1
                case .failure(let error):
                    StandardError.write("\(error)\n")
                    badRows += error.problem.isNoFailure ? 0 : 1
                }
            }
        }
        try sink.finish()
        return badRows
    }
}

/// A file, or standard output.
private struct Sink: ~Copyable {
    private var file: OutputFile?

    init(path: String?) throws {
        if let path {
            try RowFileFormat.check(path, columns: false)
            file = try OutputFile(path: path, keepPartial: false)
        } else {
            file = nil
        }
    }

    mutating func write(_ bytes: [UInt8]) throws {
        guard file == nil else { return try file!.write(bytes) }
        do {
            try FileHandle.standardOutput.write(contentsOf: Data(bytes))
        } catch {
            throw Failure("cannot write to standard output")
        }
    }

    mutating func finish() throws {
        if file != nil { try file!.finish() }
    }
}
