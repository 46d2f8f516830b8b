internal import JobStore
internal import Protocol
internal import Transport

/// What reaches the coordinator's loop.
enum CoordinatorEvent: Sendable {
    case inbound(Inbound)

    /// The reading of the step's input has come so far.
    case ingested(WorkStep, Ledger.Ingestion)

    /// The coordinator's own work of a step is done.
    case localWorkDone(StepID, any LocalOutcome)

    /// The digest of the coordinator's own model file is computed.
    case modelRead(Result<ServedModel, any Error>)

    /// A part of the job that runs on its own thread cannot go on.
    case failed(any Error)
    case startedWorkerFailed(WorkerSupervisor.PermanentFailure)

    /// Somebody wants the coordinator to stop; the job can be gone on with later.
    case stop(reason: String)
    case tick
}
