import Protocol

/// What is going to happen, in the order of time, and at one time in the order in which it was added.
struct Agenda<Item> {
    private struct Entry {
        var time: MonotonicInstant
        var serial: Int
        var item: Item
    }

    /// Latest first.
    private var entries: [Entry] = []
    private var serial = 0

    mutating func add(_ item: Item, at time: MonotonicInstant) {
        serial += 1
        var low = 0
        var high = entries.count
        while low < high {
            let middle = (low + high) / 2
            if entries[middle].time > time { low = middle + 1 } else { high = middle }
        }
        entries.insert(Entry(time: time, serial: serial, item: item), at: low)
    }

    mutating func next() -> (time: MonotonicInstant, item: Item)? {
        entries.popLast().map { ($0.time, $0.item) }
    }
}
