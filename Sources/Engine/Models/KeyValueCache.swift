/// The keys and values of every layer that outlast a forward pass, and those of the pass that is running.
///
/// Each layer of a pass begins with `open` and ends with `close`. The plan says whether its slots stay (`inPlace`) or
/// are carried over in part: then the layers share the slots of one pass, which would take far more memory otherwise.
final class KeyValueCache {
    private let configuration: ModelConfiguration
    private let format: KeyValueStore.Format
    /// What outlasts a pass, grown as it is needed.
    private var layers: [KeyValueStore]
    /// The slots of a pass that all layers share.
    private var shared: KeyValueStore

    /// - Parameter slots: that each layer has from the beginning on; they take memory once they are used.
    init(_ configuration: ModelConfiguration, format: KeyValueStore.Format, slots: Int = 0) {
        self.configuration = configuration
        self.format = format
        shared = KeyValueStore(configuration, format: format, rows: 0)
        layers = (0..<configuration.layerCount).map { _ in KeyValueStore(configuration, format: format, rows: slots) }
    }

    /// The slots for one block (0 is the first), with all that rows of the plan attend to and do not compute themselves.
    func open(_ block: Int, for plan: RowPlan) -> KeyValueStore {
        switch plan.slots {
        case .inPlace:
            if layers[block].capacity < plan.slotCount {
                let former = layers[block]
                layers[block] = store(rows: max(plan.slotCount, 2 * former.capacity))
                former.copy(0..<former.capacity, to: layers[block], at: 0)
            }
            return layers[block]
        case .carried(let restored, _):
            precondition(restored <= layers[block].capacity, "a plan restores what none before it kept")
            if shared.capacity < plan.slotCount { shared = store(rows: max(plan.slotCount, Scratch.tileRows)) }
            layers[block].copy(0..<restored, to: shared, at: 0)
            return shared
        }
    }

    /// Keeps what the plan says of a block's slots.
    func close(_ block: Int, after plan: RowPlan) {
        guard case .carried(let restored, let kept) = plan.slots else { return }
        let count = kept.reduce(0) { $0 + $1.count }
        if layers[block].capacity < count {
            layers[block] = store(rows: 2 * count)
        } else if kept.count <= 1, kept.first?.lowerBound ?? 0 == 0, count <= restored {
            return  // it is what is here
        }
        var end = 0
        for slots in kept {
            shared.copy(slots, to: layers[block], at: end)
            end += slots.count
        }
    }

    private func store(rows: Int) -> KeyValueStore { KeyValueStore(configuration, format: format, rows: rows) }
}

extension KeyValueStore {
    fileprivate init(_ configuration: ModelConfiguration, format: Format, rows: Int) {
        self.init(
            heads: configuration.headCount, keyValueHeads: configuration.keyValueHeadCount,
            headDimension: configuration.headDimension, format: format, rows: rows)
    }
}
