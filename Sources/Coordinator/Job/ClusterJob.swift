internal import Diagnostics
internal import FileSystem
internal import JobConfiguration
internal import JobStore
internal import Logging
internal import Margins
internal import ModelFiles
internal import Protocol
internal import Scheduling

/// A job as the service runs it: its steps, what workers are told and read, and what the coordinator does by itself.
///
/// All of it is called on the service's loop; what `begin` returns runs on a thread of its own.
protocol ClusterJob: AnyObject {
    /// What logs and status call it.
    var name: String { get }
    var cluster: Configuration.Cluster { get }
    var modelSource: Configuration.Model { get }
    var access: ClusterAccess? { get }

    /// The folder of its ledger.
    var state: String { get }

    /// What workers are told, but for what is not known before they join.
    var specification: JobSpecification { get }

    /// Its steps, with those that an earlier run has completed.
    var pipeline: Pipeline { get }

    /// The steps that read files, in their order.
    var workSteps: [WorkStep] { get }

    /// Of a step of the workers: nil for one that is none of `workSteps`.
    func input(of step: WorkStep) -> StepInput?
    func textsPerUnitMax(of step: WorkStep) -> Int

    /// Where hidden states are kept; nil where none are.
    var store: EmbeddingStore? { get }

    /// Where there is one already.
    var scorer: Scorer? { get }

    /// Whether control tokens that rows spell are read as such.
    var readsControlTokens: Bool { get }

    /// Whether the scores that come in are those of rows whose first response should be the safer one.
    var countsMargins: Bool { get }

    /// Does what an earlier run may not have come to.
    func resume() throws

    /// What the coordinator does by itself, for a thread of its own.
    ///
    /// - Parameter model: what the workers compute with; nil where none was ever needed.
    /// - Throws: `Problem` where there is nothing to do it with.
    func begin(
        _ work: Pipeline.LocalWork, of step: Pipeline.Step, model: LoadedModel?
    ) throws -> @Sendable () throws -> any LocalOutcome

    /// Takes what came of it.
    ///
    /// - Parameter notices: what is odd about the rows that were read, a sentence each.
    func take(
        _ outcome: any LocalOutcome, model: LoadedModel?, notices: JobNotices, _ logger: Logger
    ) throws -> LocalConsequence

    /// Adds what is known of the results so far.
    ///
    /// - Parameter margins: all that there are so far.
    func describe(in report: inout StatusReport)
}

/// A job whose configuration and files are found to be right, before there is a ledger.
protocol PreparedJob {
    /// The folder of its ledger.
    var state: String { get }

    /// - Throws: `FileError` where one cannot be made.
    func makeOutputFolders() throws

    /// - Throws: `ConfigurationError` where the ledger is another job's; `Problem`.
    func job(_ ledger: Ledger) throws -> any ClusterJob
}

/// What the coordinator's own work came to.
protocol LocalOutcome: Sendable {}

/// What follows from it.
enum LocalConsequence: Sendable {
    /// What the workers project on from now on.
    case scorer(Scorer)
    case finished(FinishedJob)
}

/// What a job came to.
struct FinishedJob: Sendable {
    /// For a person, a few lines.
    var text: String

    /// For the workers, one line.
    var summary: String

    /// Rows that could not be computed.
    var failedRows: Int
}

extension ClusterJob {
    var policy: Scheduler.Policy {
        Scheduler.Policy(
            silence: .seconds(cluster.silenceSeconds), stall: .seconds(cluster.stallSeconds),
            attemptsMax: cluster.attempts, allowsMixedNumerics: cluster.mixedNumerics)
    }

    /// - Throws: `Problem` where the model is not the one that the configuration asks for.
    func check(_ model: ServedModel) throws {
        guard let expected = modelSource.sha256, expected != model.digest else { return }
        throw Problem(
            "\(model.parts.path): expected the SHA-256 of model.sha256, \(expected), found \(model.digest)",
            isOfConfiguration: true)
    }
}
