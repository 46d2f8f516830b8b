internal import Protocol

/// All units that are in the worker's hands, each in one place.
struct HeldUnits: Sendable {
    /// Next: a lane, or given back.
    struct Waiting: Sendable {
        var lease: Lease
        var work: Session.Work

        fileprivate var isEmbedded: Bool { if case .project = work { true } else { false } }
        fileprivate var tokens: UInt64 { if case .project(let unit) = work { unit.tokensTotal } else { 0 } }
        fileprivate var held: WorkerMessage.HeldUnit { .init(lease: lease, tokens: tokens, isEmbedded: isEmbedded) }
    }

    /// A unit in a lane. Next: a result, embedded, failed, or given back.
    private struct Running: Sendable {
        var lease: Lease
        var since: MonotonicInstant
        var tokens: UInt64
        var isRevoked = false
    }

    private var waiting: [Waiting] = []

    /// nil for an idle lane. There may be more than are used now: a unit of a job before may be in one still.
    private var lanes: [Running?]
    private(set) var laneCount: Int

    /// Embedded before there was a scorer; it makes them wait for a lane again.
    private var embedded: [Waiting] = []
    var results = UnacknowledgedResults()

    /// Revoked before their assignment came: a network may turn the two round, a welcome between them. Of this job alone.
    /// A coordinator that was started again numbers its attempts anew; where it means another lease by one of these, it
    /// finds that it was not taken.
    private var revokedEarly: [Lease] = []
    private static let revokedEarlyMax = 256

    /// Time that units spent in lanes that they have left.
    private var lanesBusy = Duration.zero

    init(lanes: Int) {
        self.lanes = Array(repeating: nil, count: lanes)
        laneCount = lanes
    }

    /// From now on units are put into so many lanes.
    mutating func use(lanes count: Int) {
        // Time in so many lanes says nothing of as many others.
        if count != laneCount { lanesBusy = .zero }
        laneCount = count
        lanes += Array(repeating: nil, count: max(count - lanes.count, 0))
    }

    var isEmpty: Bool { held.isEmpty }

    /// What the coordinator hears of at a greeting.
    var held: [WorkerMessage.HeldUnit] { results.held + inLanes(revoked: false) + (waiting + embedded).map(\.held) }

    /// And what was revoked, until its lane is free of it.
    var heldOrRevoked: [WorkerMessage.HeldUnit] { held + inLanes(revoked: true) }

    private func inLanes(revoked: Bool) -> [WorkerMessage.HeldUnit] {
        lanes.compactMap { unit in
            unit.flatMap { $0.isRevoked == revoked ? .init(lease: $0.lease, tokens: $0.tokens) : nil }
        }
    }

    /// The sum over the lanes of the time in which they had a unit.
    func timeBusy(at now: MonotonicInstant) -> Duration {
        lanes.compactMap { $0 }.reduce(lanesBusy) { $0 + (now - $1.since) }
    }
}

// MARK: - Taking and computing

extension HeldUnits {
    /// - Returns: whether this lease's revocation came before it.
    mutating func forgetRevocation(of lease: Lease) -> Bool {
        guard let position = revokedEarly.firstIndex(of: lease) else { return false }
        revokedEarly.remove(at: position)
        return true
    }

    /// Nothing where the unit is in hand already.
    mutating func take(_ lease: Lease, _ payload: UnitPayload) {
        guard !held.contains(where: { $0.lease == lease }) else { return }
        waiting.append(Waiting(lease: lease, work: .embed(payload)))
    }

    /// Puts waiting units into idle lanes, in their order.
    ///
    /// - Parameter mayStart: whether a unit can be begun now.
    mutating func start(
        at now: MonotonicInstant, where mayStart: (Session.Work) -> Bool
    ) -> [(lane: Int, unit: Waiting)] {
        var started: [(lane: Int, unit: Waiting)] = []
        for lane in lanes.indices.prefix(laneCount) where lanes[lane] == nil {
            guard let next = waiting.firstIndex(where: { mayStart($0.work) }) else { break }
            let unit = waiting.remove(at: next)
            lanes[lane] = Running(lease: unit.lease, since: now, tokens: unit.tokens)
            started.append((lane, unit))
        }
        return started
    }

    mutating func progressed(_ lane: Int, tokens: UInt64) { lanes[lane]?.tokens = tokens }

    /// - Returns: the lease that the lane had, unless it was revoked.
    mutating func free(_ lane: Int, at now: MonotonicInstant) -> Lease? {
        guard let unit = lanes[lane].take() else { return nil }
        lanesBusy += now - unit.since
        return unit.isRevoked ? nil : unit.lease
    }

    /// An embedded unit is the next one for a lane.
    mutating func projectNext(_ unit: EmbeddedUnit, _ lease: Lease) {
        waiting.insert(Waiting(lease: lease, work: .project(unit)), at: 0)
    }

    /// An embedded unit waits for a scorer.
    mutating func keep(_ unit: EmbeddedUnit, _ lease: Lease) {
        embedded.append(Waiting(lease: lease, work: .project(unit)))
    }

    /// What was embedded before there was a scorer is projected before all else.
    mutating func projectKept() {
        waiting = embedded + waiting
        embedded = []
    }
}

// MARK: - Giving back. All return the lanes whose computation is to be stopped, ascending.

extension HeldUnits {
    mutating func revoke(_ lease: Lease) -> [Int] {
        if !heldOrRevoked.contains(where: { $0.lease == lease }), !revokedEarly.contains(lease) {
            revokedEarly = revokedEarly.suffix(Self.revokedEarlyMax - 1) + [lease]
        }
        return drop(lease)
    }

    /// What belongs to another job is of no use to this one.
    mutating func forgetAll() -> [Int] {
        revokedEarly = []
        return held.map(\.lease).flatMap { drop($0) }
    }

    private mutating func drop(_ lease: Lease) -> [Int] {
        waiting.removeAll { $0.lease == lease }
        embedded.removeAll { $0.lease == lease }
        results.remove(lease)
        return lanes.indices.filter { lanes[$0]?.lease == lease && revokeLane($0) }
    }

    /// - Returns: whether it had a unit that was not revoked before.
    private mutating func revokeLane(_ lane: Int) -> Bool {
        guard lanes[lane]?.isRevoked == false else { return false }
        lanes[lane]?.isRevoked = true
        return true
    }

    /// - Returns: the units that are in no lane, but for those that only need to be projected.
    mutating func giveBackWaiting() -> [Lease] {
        let returned = (waiting.filter { !$0.isEmbedded } + embedded).map(\.lease)
        waiting.removeAll { !$0.isEmbedded }
        embedded = []
        return returned
    }

    mutating func giveBackLanes() -> [(lane: Int, lease: Lease)] {
        lanes.indices.compactMap { lane in
            guard let lease = lanes[lane]?.lease, revokeLane(lane) else { return nil }
            return (lane, lease)
        }
    }
}
