import SeededRandom

/// What a seed decides beforehand: how many workers there are, and what goes wrong when.
///
/// Real processes tell no seed the same story twice; but the disturbances are the same, after the same progress.
struct ChaosPlan: CustomStringConvertible {
    enum Stranger: CaseIterable {
        case hasNoKey
        case hasAKeyThatIsNotAllowed
        case hasAKeyForAnotherCoordinator
    }

    enum Fault {
        case killCoordinator
        case killWorker(Int)

        /// As an operator or a batch system stops them.
        case stopCoordinator
        case stopWorker(Int)

        /// The process stands still, for less or more than the time of silence after which it counts as lost.
        case pauseCoordinator(Duration)
        case pauseWorker(Int, Duration)

        /// All connections end, in the middle of a message perhaps.
        case cut

        /// Connections stay, and nothing gets through; at last they go on, or end.
        case stall(Duration, cuts: Bool)

        /// Every piece of a stream waits so long.
        case delay(Duration, lasting: Duration)

        /// Garbage and connections that say nothing, at the coordinator's own port.
        case attack(Duration)

        case stranger(Stranger, Duration)

        /// The disk that the ledger is on has no room.
        case fullDisk(Duration)
    }

    struct Moment {
        /// The share of the job's units that is committed at least, 0...1; 1 is while the output is written.
        var progress: Double

        /// After that.
        var delay: Duration
        var fault: Fault
    }

    let seed: UInt64
    let workers: Int

    /// In order of progress.
    let moments: [Moment]

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        self.seed = seed
        let workers = random.integer(2...3)
        self.workers = workers
        moments = (0..<random.integer(4...8)).map { _ in
            // The ends of a job are where its processes change what they do.
            let progress = random.isTrue(0.15) ? 0 : random.isTrue(0.15) ? 1 : Double.random(in: 0..<1, using: &random)
            return Moment(
                progress: progress, delay: random.seconds(0...0.5), fault: Self.fault(&random, workers: workers))
        }.sorted { $0.progress < $1.progress }
    }

    private static func fault(_ random: inout SeededGenerator, workers: Int) -> Fault {
        let worker = random.integer(0...workers - 1)
        let time = random.seconds(0.3...4)
        return switch random.integer(0...15) {
        case 0, 1, 2: .killCoordinator
        case 3, 4: .killWorker(worker)
        case 5: .stopCoordinator
        case 6: .stopWorker(worker)
        case 7: .pauseCoordinator(time)
        case 8, 9: .pauseWorker(worker, time)
        case 10: .cut
        case 11: .stall(time, cuts: random.isTrue(0.5))
        case 12: .delay(random.seconds(0.01...0.2), lasting: time)
        case 13: .attack(time)
        case 14: .stranger(Stranger.allCases.randomElement(using: &random)!, time)
        default: .fullDisk(time)
        }
    }

    var description: String {
        let faults = moments.map { "\($0.fault) at \(Int($0.progress * 100)) % + \($0.delay)" }
        return "\(workers) workers; \(faults.joined(separator: "; "))"
    }
}
