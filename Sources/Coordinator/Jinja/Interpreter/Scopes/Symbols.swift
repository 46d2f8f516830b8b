/// What the names of one scope stand for, while that is found out.
///
/// The rules are Jinja2's, which looks at a whole scope before anything of it runs: a variable that a scope sets
/// anywhere is the scope's own everywhere in it, and begins with the value of the variable further out.
/// https://jinja.palletsprojects.com/en/stable/templates/#assignments
final class Symbols {
    /// The slots of one activation: of the template, of a macro, or of a loop's filter. Scopes of one depth that
    /// follow each other share the slot of a name.
    final class Activation {
        let depth: Int
        private var slots: [String: Int] = [:]

        init(inside outer: Activation?) { depth = outer.map { $0.depth + 1 } ?? 0 }

        var count: Int { slots.count }

        func slot(_ name: String, level: Int) -> Int {
            let key = "\(level) \(name)"
            if let slot = slots[key] { return slot }
            slots[key] = slots.count
            return slots.count - 1
        }
    }

    enum Load {
        case parameter
        case variable(String)
        case outer(slot: Int, Activation)
        case nothing
    }

    let activation: Activation
    private let outer: Symbols?
    /// What was known before the branch whose names these are. Only what the branch adds is here.
    private let base: Symbols?
    private let level: Int
    private var slots: [String: Int] = [:]
    private var loads: [Int: Load] = [:]
    private var stored: Set<String> = []

    init(inside outer: Symbols?, _ activation: Activation) {
        self.outer = outer
        self.activation = activation
        base = nil
        level = outer.map { $0.level + 1 } ?? 0
    }

    private init(branchOf base: Symbols) {
        activation = base.activation
        outer = base.outer
        self.base = base
        level = base.level
    }

    /// For the names of one branch of an `if`, to be merged afterwards.
    func branch() -> Symbols { Symbols(branchOf: self) }

    /// Where the scope's own variable of that name is.
    func slot(_ name: String) -> Int? { slots[name] ?? base?.slot(name) }

    private func isStored(_ name: String) -> Bool { stored.contains(name) || base?.isStored(name) ?? false }

    func find(_ name: String) -> (slot: Int, activation: Activation)? {
        if let slot = slot(name) { return (slot, activation) }
        return outer?.find(name)
    }

    @discardableResult
    private func define(_ name: String, _ load: Load) -> Int {
        let slot = activation.slot(name, level: level)
        slots[name] = slot
        loads[slot] = load
        return slot
    }

    /// The name is read.
    func read(_ name: String) {
        if find(name) == nil { define(name, .variable(name)) }
    }

    /// The name is set.
    func store(_ name: String) {
        stored.insert(name)
        guard slot(name) == nil else { return }
        if let found = outer?.find(name) {
            define(name, .outer(slot: found.slot, found.activation))
        } else {
            define(name, .nothing)
        }
    }

    /// The name is set where the scope begins, by what the scope belongs to.
    @discardableResult
    func declareParameter(_ name: String) -> Int {
        stored.insert(name)
        return define(name, .parameter)
    }

    /// Takes over what was found out in the branches of an `if`: what only some of them set has the outer value in the
    /// others.
    func merge(_ branches: [Symbols]) {
        let storedInBranches = branches.reduce(into: Set<String>()) { $0.formUnion($1.stored) }
            .filter { !isStored($0) }
        for branch in branches {
            slots.merge(branch.slots) { $1 }
            loads.merge(branch.loads) { $1 }
            stored.formUnion(branch.stored)
        }
        for name in storedInBranches {
            guard let slot = slot(name) else { continue }
            if let found = outer?.find(name) {
                loads[slot] = .outer(slot: found.slot, found.activation)
            } else {
                loads[slot] = .variable(name)
            }
        }
    }

    /// The scope as it is run.
    var scope: Program.Scope {
        var scope = Program.Scope()
        for (slot, load) in loads.sorted(by: { $0.key < $1.key }) {
            scope.slots.append(slot)
            switch load {
            case .parameter: break
            case .variable(let name): scope.loads.append(.init(slot: slot, source: .variable(name)))
            case .outer(let source, let owner):
                let place = Program.Place(hops: activation.depth - owner.depth, slot: source)
                scope.loads.append(.init(slot: slot, source: .outer(place)))
            case .nothing: scope.loads.append(.init(slot: slot, source: .nothing))
            }
        }
        return scope
    }
}
