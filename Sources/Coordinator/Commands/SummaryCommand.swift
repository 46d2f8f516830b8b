internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import JobConfiguration
internal import Margins
internal import Protocol
internal import Reports

struct SummaryCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "summary",
        abstract: "Show the margins of an annotated file: their distribution, and the most and least separated rows.",
        discussion: """
            Shows also why rows have no margin, and how many for each reason, where the errors file of the job is there.

            EXAMPLES
              legend-coordinator summary out/annotated.jsonl
              legend-coordinator summary out/annotated.jsonl --by harm_degree --rows 5
            """)

    @Argument(
        help: "A file that `legend-coordinator run` wrote.",
        completion: .file(extensions: ["jsonl", "gz", "zst", "parquet"]))
    var file: String

    @Option(
        help: ArgumentHelp(
            "The job's errors file (default: FILE.errors.jsonl, where it is there).", valueName: "file"),
        completion: .file(extensions: ["jsonl", "gz"]))
    var errors: String?

    @Option(help: "Rows to show at each end.")
    var rows = 3

    @Option(help: ArgumentHelp("Show the mean margin for each value of this column.", valueName: "column"))
    var by: String?

    @Option(help: "Bins of the distribution.")
    var bins = 16

    func validate() throws {
        if !(0...1000).contains(rows) { throw ValidationError("--rows: expected 0 to 1000, found \(rows)") }
        if !(1...200).contains(bins) { throw ValidationError("--bins: expected 1 to 200, found \(bins)") }
    }

    func run() async throws {
        do {
            let beside = Configuration.Job.path(beside: file, ending: Configuration.Job.errorsEnding)
            let overview = try MarginOverview(
                path: file, errorsPath: errors ?? (FileManager.default.fileExists(atPath: beside) ? beside : nil),
                rowsShown: rows, binCount: bins, groupColumn: by)
            print(overview.text, terminator: "")
        } catch {
            throw Failure("\(error)", status: .usage)
        }
    }
}
