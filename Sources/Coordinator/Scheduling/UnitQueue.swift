internal import Protocol

/// The units of one step on their way from the ledger to the workers.
struct UnitQueue: Sendable {
    /// To be given out, first to last.
    private(set) var waiting: [UnitID] = []

    /// Computed, for so long that an idle worker may compute them too. As of the last tick.
    var slow: [UnitID] = []

    /// Fetched and not settled.
    var unitsOpen = 0

    /// No unit is left in the ledger that is not fetched.
    private(set) var isLastFetched = false
    private var isFetching = false
    private var cursor = UnitID(0)

    var hasWork: Bool { !waiting.isEmpty || !slow.isEmpty }
    var isComplete: Bool { isLastFetched && unitsOpen == 0 }

    /// - Returns: after which unit to fetch, where fewer than so many are left and the ledger has more.
    mutating func beginFetch(below limit: Int) -> UnitID? {
        guard !isFetching, !isLastFetched, waiting.count <= limit else { return nil }
        isFetching = true
        return cursor
    }

    /// - Parameters:
    ///   - new: those that were not here before.
    ///   - last: the last one that was fetched, new or not; nil where there was none.
    mutating func fetched(_ new: [UnitID], upTo last: UnitID?, isLast: Bool) {
        // An empty answer that is not the last one: wait until there are more.
        isFetching = last == nil && !isLast
        isLastFetched = isLast
        if let last { cursor = max(cursor, last) }
        waiting += new
        unitsOpen += new.count
    }

    /// Whether the unit may come with a later fetch.
    func isBeforeFetch(of id: UnitID) -> Bool { !isLastFetched && id > cursor }

    mutating func mayFetchAgain() {
        isFetching = false
        isLastFetched = false
    }

    /// Its lease was lost: it is the next one.
    mutating func putBack(_ id: UnitID) { waiting.insert(id, at: 0) }

    mutating func remove(_ id: UnitID) {
        guard let position = waiting.firstIndex(of: id) else { return }
        waiting.remove(at: position)
    }

    /// A second worker computes it now.
    mutating func isNotSlow(_ id: UnitID) { slow.removeAll { $0 == id } }
}
