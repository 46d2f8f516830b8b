internal import Diagnostics
internal import Digest
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Logging
internal import ModelFiles
internal import Protocol
internal import Scheduling

extension CoordinatorService {
    /// Finds out whether this machine has the model for workers that do not.
    func offerModel() throws {
        let model = job.modelSource
        guard model.serve else {
            return modelServer.decline(reason: "its configuration says model.serve: false")
        }
        guard FileStatus(path: model.path) != nil else {
            return modelServer.decline(reason: "\(model.path) is not on its machine either")
        }
        let parts: ModelParts
        do {
            parts = try ModelParts(path: model.path)
        } catch {
            return try take([.scheduler(offer(.failure(error)))])
        }
        let known = try ledger.setting(JobState.modelFileName)
        if let known = known.flatMap({ ServedModel(serialized: $0, ifStill: parts) }) {
            return try take([.scheduler(offer(.success(known)))])
        }
        // A worker with another model of that name would make it the job's model meanwhile.
        if self.model == nil, loop.scheduler.job.modelDigest.isEmpty {
            logger.info("looking at the model before workers may join", metadata: ["path": "\(model.path)"])
            try take([.scheduler(.modelAwaited)])
        }
        onThread("legend-model-digest") { .modelRead(Result { try ServedModel(parts) }) }
    }

    /// Offers the files if they are the job's model.
    ///
    /// - Returns: what the scheduler must know of it.
    /// - Throws: `Problem` where the configuration asks for another one.
    func offer(_ result: Result<ServedModel, any Error>) throws -> Scheduler.Event {
        if case .success(let model) = result {
            try ledger.set(JobState.modelFileName, to: model.serialized())
            try job.check(model)
        }
        do {
            let served = try OpenModel(result.get())
            let (digest, wanted) = (served.offer.digest, model?.digest ?? loop.scheduler.job.modelDigest)
            guard wanted.isEmpty || wanted == digest else {
                let path = job.modelSource.path
                throw Problem("\(path) has SHA-256 \(digest), the job's model has \(wanted)")
            }
            modelServer.offer(served)
            return .modelKnown(digest: digest)
        } catch {
            logger.warning(
                "workers that do not have the model cannot get it from here", metadata: ["reason": "\(error)"])
            modelServer.decline(reason: "\(error)")
            return .modelUnknown
        }
    }
}
