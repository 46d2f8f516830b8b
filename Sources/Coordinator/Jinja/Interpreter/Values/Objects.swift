// Values with a state: what a template changes, it changes in these.

/// What `namespace()` makes: attributes that inner scopes can set.
final class Namespace {
    private(set) var attributes = MapBuilder()

    func set(_ name: Text, _ value: Value) { attributes.set(.string(name), MapKey(name), value) }

    subscript(name: Text) -> Value? { attributes[MapKey(name)] }

    /// Lets go of all that it holds, which may be itself.
    func clear() { attributes = MapBuilder() }
}

/// The variables of a template, of one call of a macro, or of a loop's filter.
final class Activation {
    var slots: [Value?]
    let outer: Activation?

    /// Whether something refers to it that may outlive it.
    var isCaptured = false

    init(slotCount: Int, inside outer: Activation?) {
        slots = Array(repeating: nil, count: slotCount)
        self.outer = outer
    }

    subscript(place: Program.Place) -> Value? {
        get { owner(place.hops).slots[place.slot] }
        set { owner(place.hops).slots[place.slot] = newValue }
    }

    private func owner(_ hops: Int) -> Activation {
        var owner = self
        for _ in 0..<hops { owner = owner.outer ?? owner }
        return owner
    }
}

/// A macro, and the variables around it.
final class Macro {
    let definition: Statement.MacroDefinition
    let activation: Activation

    init(_ definition: Statement.MacroDefinition, _ activation: Activation) {
        self.definition = definition
        self.activation = activation
    }
}

/// A method that was looked up and may be called.
final class Method {
    let receiver: Value
    let name: MethodName

    init(_ receiver: Value, _ name: MethodName) {
        self.receiver = receiver
        self.name = name
    }
}

/// What `cycler()` makes.
final class Cycler {
    let items: ListValue
    var position = 0

    init(_ items: ListValue) { self.items = items }
}

/// What `joiner()` makes: a separator, except for the first time.
final class Joiner {
    let separator: Value
    var isUsed = false

    init(_ separator: Value) { self.separator = separator }
}

/// Functions that all templates have.
enum GlobalFunction: String, CaseIterable {
    case range, dict, namespace, cycler, joiner, lipsum
    case raiseException = "raise_exception"
    case strftimeNow = "strftime_now"
}

/// What can be read item by item, once: a Python generator.
final class LazySequence {
    typealias Read = (Interpreter) throws(JinjaError) -> Value?

    let depth: Int

    /// nil: all is read.
    private var read: Read?
    private var isReading = false

    /// - Parameter depth: how deeply values are nested in what is read.
    init(depth: Int, _ read: @escaping Read) {
        self.depth = depth
        self.read = read
    }

    /// - Returns: nil at the end, and ever after.
    func next(_ interpreter: Interpreter) throws(JinjaError) -> Value? {
        guard let read else { return nil }
        guard !isReading else {
            throw .evaluation("expected an iterator that is not being read, found one that reads itself")
        }
        isReading = true
        defer { isReading = false }
        do throws(JinjaError) {
            if let item = try interpreter.deeper({ () throws(JinjaError) in try read(interpreter) }) { return item }
        } catch {
            self.read = nil
            throw error
        }
        self.read = nil
        return nil
    }
}
