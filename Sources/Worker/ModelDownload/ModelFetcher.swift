internal import Foundation
internal import Logging
internal import Protocol
internal import Transport

/// Runs a `ModelDownload`: feeds it what arrives from the coordinator and the clock, and carries its actions out. All of
/// it on the thread that calls `fetch`.
final class ModelFetcher: Sendable {
    let cache: ModelCache
    private let inbox: ThreadQueue<ModelMessage>
    private let send: @Sendable (ModelMessage) throws -> Void
    private let logger: Logger

    private static let tickInterval = Duration.milliseconds(200)
    private static let reportInterval = Duration.seconds(5)

    init(
        cache: ModelCache, inbox: ThreadQueue<ModelMessage>, logger: Logger,
        send: @escaping @Sendable (ModelMessage) throws -> Void
    ) {
        self.cache = cache
        self.inbox = inbox
        self.logger = logger
        self.send = send
    }

    /// The model in the cache, which may be downloaded first; blocks for as long as that takes.
    ///
    /// - Parameter digest: the model's, where it is known; else empty, and what the coordinator offers is taken.
    /// - Returns: what to open.
    /// - Throws: `ModelDownload.Failure`, `ModelCacheError`.
    func fetch(_ digest: String) throws -> (path: String, digest: String) {
        if !digest.isEmpty, let known = cache.cached(digest) { return (known.path, digest) }
        inbox.removeAll()
        defer { inbox.removeAll() }
        var download = ModelDownload()
        var transfer = Transfer()
        let start = ContinuousClock.now
        var lastReport = start
        var events = [ModelDownload.Event.start]
        while true {
            for event in events {
                let now = MonotonicInstant(offset: .now - start)
                if let path = try perform(download.handle(event, at: now), &download, &transfer, start) {
                    return (path, transfer.digest)
                }
            }
            if .now - lastReport >= Self.reportInterval {
                lastReport = .now
                report(download.phase, transfer)
            }
            events = [inbox.next(within: Self.tickInterval).map(ModelDownload.Event.message), .tick].compactMap(\.self)
        }
    }

    /// What one call of `fetch` has come to.
    private struct Transfer {
        var file: PartialModel?
        var offer: ModelOffer?
        var start = ContinuousClock.now

        /// Bytes that were there before.
        var resumedFrom: UInt64 = 0

        var digest: String { offer?.digest ?? "" }
    }

    /// Carries actions out, and those that follow from them; returns the path once the file is there.
    private func perform(
        _ actions: [ModelDownload.Action], _ download: inout ModelDownload, _ transfer: inout Transfer,
        _ start: ContinuousClock.Instant
    ) throws -> String? {
        var actions = actions
        while !actions.isEmpty {
            var answer: ModelDownload.Event?
            for action in actions {
                switch action {
                case .send(let message): try send(message)
                case .open(let offer):
                    switch try open(offer, &transfer) {
                    case .cached(let path): return path
                    case .partial(let file):
                        transfer.file = file
                        answer = .opened(byteCount: file.byteCount)
                    }
                case .truncate(let byteCount): try transfer.file?.truncate(to: byteCount)
                case .append(let bytes): try transfer.file?.append(bytes)
                case .verify:
                    guard let file = transfer.file else { preconditionFailure("verified before it was opened") }
                    answer = .verified(digest: try file.digest())
                case .finish: return try finish(transfer)
                case .fail(let failure): throw failure
                }
            }
            actions = answer.map { download.handle($0, at: MonotonicInstant(offset: .now - start)) } ?? []
        }
        return nil
    }

    private enum Opened {
        /// The whole model is in the cache already.
        case cached(path: String)
        case partial(PartialModel)
    }

    private func open(_ offer: ModelOffer, _ transfer: inout Transfer) throws -> Opened {
        transfer.offer = offer
        if let known = cache.cached(offer.digest) { return .cached(path: known.path) }
        let file = try PartialModel(offer, in: cache) {
            logger.info(
                "another worker of this machine downloads the model; waiting for it",
                metadata: ["folder": "\(cache.models)"])
        }
        if file.isComplete, let known = cache.cached(offer.digest) {
            try file.remove()
            return .cached(path: known.path)
        }
        try file.checkSpace()
        transfer.start = .now
        transfer.resumedFrom = file.byteCount
        logger.info(
            "the model is not on this machine; downloading it from the coordinator",
            metadata: [
                "size": "\(offer.byteCount.megabytes)", "alreadyHere": "\(file.byteCount.megabytes)",
                "folder": "\(cache.models)",
            ])
        return .partial(file)
    }

    private func finish(_ transfer: Transfer) throws -> String {
        guard let file = transfer.file else { preconditionFailure("finished before it was opened") }
        let path = try file.complete()
        let seconds = (ContinuousClock.now - transfer.start).seconds
        let downloaded = Double(file.byteCount - min(transfer.resumedFrom, file.byteCount))
        logger.info(
            "the model is downloaded",
            metadata: [
                "file": "\(path)", "seconds": "\(seconds.short)", "rate": "\((downloaded / seconds / 1e6).short) MB/s",
            ])
        return path
    }

    private func report(_ phase: ModelDownload.Phase, _ transfer: Transfer) {
        switch phase {
        case .offer: logger.info("the model is not on this machine; waiting for the coordinator to offer it")
        case .turn(let workersAhead):
            logger.info("other workers get the model first", metadata: ["workersAhead": "\(workersAhead)"])
        case .chunks:
            guard let file = transfer.file, let offer = transfer.offer else { return }
            let rate =
                Double(file.byteCount - min(transfer.resumedFrom, file.byteCount))
                / (ContinuousClock.now - transfer.start).seconds
            let left = rate > 0 ? "\(Int(Double(offer.byteCount - file.byteCount) / rate)) s" : "unknown"
            logger.info(
                "downloading the model",
                metadata: [
                    "done": "\(file.byteCount.megabytes) of \(offer.byteCount.megabytes)",
                    "rate": "\((rate / 1e6).short) MB/s", "left": "\(left)",
                ])
        case .place, .nothing: break
        }
    }
}

extension Double {
    /// With one digit behind the point, for people.
    fileprivate var short: String { String(format: "%.1f", self) }
}
