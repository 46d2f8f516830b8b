internal import ArgumentParser
internal import CommandLineTool
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import Protocol
internal import Reports

struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report",
        abstract: "Write a page about an annotated file: whether its margins mean anything, and which rows to look at.",
        discussion: """
            The page is one HTML file that needs no other and no script: the margins against chance, length, refusal \
            wording and a bag of words; the rows that disagree with their labels; the margins' distribution, by the \
            rows' columns too; where the model is read; calibration; what else explains the scores; what was run. It can \
            be printed.

            Most of that is in the trust figures that the job wrote beside its output (X.trust.json for X.jsonl). Without \
            them the page has what the rows alone say. Where `evaluate` wrote X.evaluation.json, what margins are worth to a \
            reward model is on it, too. It takes the place of an earlier report, and of no other file.

            EXAMPLES
              legend-coordinator report out/annotated.jsonl
              legend-coordinator report out/annotated.jsonl --by harm_degree --by category
              legend-coordinator report out/annotated.jsonl.gz --report page.html
            """)

    @Argument(
        help: "A file that `legend-coordinator run` wrote.",
        completion: .file(extensions: ["jsonl", "gz", "zst", "parquet"]))
    var output: String

    @Option(
        help: ArgumentHelp(
            """
            Show the margins by this column, numbers of many values by their ranges; may be repeated (default: columns \
            with 2 to 12 different values, at most eight of them).
            """, valueName: "column"))
    var by: [String] = []

    @Option(
        help: ArgumentHelp(
            "The job's errors file (default: X.errors.jsonl for X.jsonl, where it is there).", valueName: "file"),
        completion: .file(extensions: ["jsonl", "gz"]))
    var errors: String?

    @Option(
        help: ArgumentHelp("Where to write the page (default: X.report.html for X.jsonl).", valueName: "file"),
        completion: .file(extensions: ["html"]))
    var report: String?

    func run() async throws {
        let trustPath = Configuration.Job.path(beside: output, ending: Configuration.Job.trustEnding)
        let errorsBeside = Configuration.Job.path(beside: output, ending: Configuration.Job.errorsEnding)
        let errorsPath = errors ?? (FileManager.default.fileExists(atPath: errorsBeside) ? errorsBeside : nil)
        let reportPath = report ?? Configuration.Job.path(beside: output, ending: Configuration.Job.reportEnding)
        let evaluationPath = Configuration.Job.path(beside: output, ending: Configuration.Job.evaluationEnding)
        let page: JobReport
        do {
            try refuseToReplace([output, trustPath, evaluationPath] + [errorsPath].compactMap(\.self), by: reportPath)
            page = try JobReport(
                path: output, errorsPath: errorsPath, trust: try TrustFigures(ifAt: trustPath),
                evaluation: evaluation(evaluationPath), groupColumns: by)
        } catch {
            throw Failure("\(error)", status: .usage)
        }
        do {
            try page.write(to: reportPath)
        } catch {
            throw Failure("\(error)")
        }
        if let misfit = page.misfit {
            StandardError.write("warning: \(trustPath): the trust figures are not those of \(output): \(misfit)\n")
        }
        if let misfit = page.evaluationMisfit {
            StandardError.write("warning: \(evaluationPath): \(misfit)\n")
        }
        print("report: \(reportPath)")
    }

    /// nil where there is none that can be read: the page is there without it.
    private func evaluation(_ path: String) -> EvaluationFigures? {
        do {
            return try EvaluationFigures(ifAt: path)
        } catch {
            StandardError.write("warning: the page is without the evaluation: \(error)\n")
            return nil
        }
    }

    /// - Throws: `FileError` where the page would take the place of what it is made from, by whatever name, or of anything but
    ///   an earlier page.
    private func refuseToReplace(_ read: [String], by path: String) throws(FileError) {
        let place = FilePlace(FilePlace.absolute(path))
        for other in read where place.isSame(as: FilePlace(FilePlace.absolute(other))) {
            throw FileError(path: path, problem: "the report would take the place of \(other), which it is made from")
        }
        try AtomicFile.check(path)
        guard FileStatus(path: path) == nil || JobReport.isReport(at: path) else {
            throw FileError(
                path: path,
                problem:
                    "expected nothing or an earlier report, found another file: remove it, or name another with --report"
            )
        }
    }
}
