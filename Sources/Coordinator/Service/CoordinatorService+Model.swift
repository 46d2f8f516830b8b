internal import Diagnostics
internal import Digest
internal import FileSystem
internal import Foundation
internal import JobConfiguration
internal import Logging
internal import Protocol
internal import Scheduling

extension CoordinatorService {
    /// Finds out whether this machine has the model for workers that do not.
    func offerModel() throws {
        let model = definition.configuration.model
        guard model.serve else {
            return modelServer.decline(reason: "its configuration says model.serve: false")
        }
        guard let identity = FileIdentity(path: model.path) else {
            return modelServer.decline(reason: "\(model.path) is not on its machine either")
        }
        let known = try ledger.setting(JobState.modelFileName)
        if let known = known.flatMap({ ModelFile(serialized: $0, ifStill: identity) }) {
            return try perform(offer(.success(known)))
        }
        // A worker with another file of that name would make it the job's model meanwhile.
        if self.model == nil, scheduler.job.modelDigest.isEmpty {
            logger.info("looking at the model before workers may join", metadata: ["path": "\(model.path)"])
            try perform(scheduler.handle(.modelAwaited, at: now))
        }
        onThread("legend-model-digest") { .modelRead(Result { try ModelFile(identity) }) }
    }

    /// Offers the file if it is the job's model.
    ///
    /// - Throws: `Problem` where the configuration asks for another one.
    func offer(_ result: Result<ModelFile, any Error>) throws -> [Scheduler.Action] {
        if case .success(let file) = result {
            try ledger.set(JobState.modelFileName, to: file.serialized())
            try definition.check(file)
        }
        do {
            let file = try OpenModelFile(result.get())
            let (digest, wanted) = (file.offer.digest, model?.digest ?? scheduler.job.modelDigest)
            guard wanted.isEmpty || wanted == digest else {
                let path = definition.configuration.model.path
                throw Problem("\(path) has SHA-256 \(digest), the job's model has \(wanted)")
            }
            modelServer.offer(file)
            return scheduler.handle(.modelKnown(digest: digest), at: now)
        } catch {
            logger.warning(
                "workers that do not have the model cannot get it from here", metadata: ["reason": "\(error)"])
            modelServer.decline(reason: "\(error)")
            return scheduler.handle(.modelUnknown, at: now)
        }
    }
}
