internal import JobStore
internal import Protocol
internal import Transport

/// What reaches the coordinator's loop.
enum CoordinatorEvent: Sendable {
    case inbound(Inbound)

    /// The reading of the step's input has come so far.
    case ingested(WorkStep, Ledger.Ingestion)

    /// The direction is fitted; with what the survey says where there was one, and then it is in the ledger.
    case directionFitted(StepID, SavedDirection, failedAnchors: Int, SurveyReport?)

    /// The digest of the coordinator's own model file is computed.
    case modelRead(Result<ModelFile, any Error>)
    case outputWritten(StepID, OutputStep.Summary)

    /// A part of the job that runs on its own thread cannot go on.
    case failed(any Error)
    case startedWorkerFailed(WorkerSupervisor.PermanentFailure)

    /// Somebody wants the coordinator to stop; the job can be gone on with later.
    case stop(reason: String)
    case tick
}
