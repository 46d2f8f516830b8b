/// One rendering of a template.
final class Interpreter {
    let program: Program
    let limits: JinjaLimits
    let now: JinjaDate

    /// The variables that the template is given, by the bytes of their names.
    private let variables: [[UInt8]: Value]

    var activation: Activation

    /// What was written so far: of the template, and of each block inside whose text is taken elsewhere.
    private var outputs: [TextBuilder]

    private var stepsLeft: Int
    private var bytesLeft: Int
    private var depth = 0

    /// What can hold itself, and must be let go of at the end.
    private var namespaces: [Namespace] = []
    private var captured: [Activation] = []

    private init(
        _ program: Program, _ variables: [[UInt8]: Value], _ limits: JinjaLimits, _ now: JinjaDate
    ) {
        self.program = program
        self.variables = variables
        self.limits = limits
        self.now = now
        activation = Activation(slotCount: program.rootSlotCount, inside: nil)
        outputs = [TextBuilder(byteLimit: limits.outputBytes)]
        stepsLeft = limits.steps
        bytesLeft = limits.builtBytes
    }

    static func render(
        _ program: Program, _ variables: [(String, JinjaValue)], _ limits: JinjaLimits, _ now: JinjaDate
    ) throws(JinjaError) -> Text {
        var values: [[UInt8]: Value] = [:]
        for (name, value) in variables { values[Array(name.utf8)] = try Value(value, depthLimit: limits.valueDepth) }
        let interpreter = Interpreter(program, values, limits, now)
        defer { interpreter.letGo() }
        try interpreter.enter(program.root)
        _ = try interpreter.run(program.body)
        return interpreter.outputs[0].text
    }

    private func letGo() {
        capture(activation)
        for namespace in namespaces { namespace.clear() }
        for activation in captured { activation.slots = [] }
    }

    /// A variable that is not set by the template.
    func variable(_ name: String) -> Value? {
        if let value = variables[Array(name.utf8)] { return value }
        return GlobalFunction(rawValue: name).map { .function($0) }
    }
}

// MARK: - Limits

extension Interpreter {
    func spend(_ steps: Int = 1) throws(JinjaError) {
        stepsLeft -= min(steps, stepsLeft + 1)
        guard stepsLeft >= 0 else {
            throw .limit("expected a template that ends within \(limits.steps) steps, found one that goes on")
        }
    }

    /// For reading or writing so many bytes.
    func spend(bytes: Int) throws(JinjaError) { try spend(bytes / 32 + 1) }

    func build(_ bytes: Int) throws(JinjaError) {
        bytesLeft -= min(bytes, bytesLeft + 1)
        guard bytesLeft >= 0 else {
            throw .limit(
                "expected a template that builds at most \(limits.builtBytes) bytes of texts and lists, found more"
            )
        }
    }

    /// Does something that stands inside of what is being done.
    func deeper<Result>(_ body: () throws(JinjaError) -> Result) throws(JinjaError) -> Result {
        guard depth < limits.evaluationDepth else {
            throw .limit(
                "expected statements, expressions and macros nested at most \(limits.evaluationDepth) deep, found more")
        }
        depth += 1
        defer { depth -= 1 }
        return try body()
    }

    var newText: TextBuilder { TextBuilder(byteLimit: limits.textBytes) }

    func made(_ text: Text) throws(JinjaError) -> Value {
        guard text.utf8.count <= limits.textBytes else {
            throw .limit("expected a text of at most \(limits.textBytes) bytes, found one of \(text.utf8.count)")
        }
        try spend(bytes: text.utf8.count)
        try build(text.byteSize)
        return .string(text)
    }

    func made(_ items: [Value]) throws(JinjaError) -> ListValue { try made(ListValue(items)) }

    func made(_ list: ListValue) throws(JinjaError) -> ListValue {
        try check(elements: list.items.count)
        try check(depth: list.depth)
        try spend(list.items.count / 4 + 1)
        try build(list.items.count * 40 + 64)
        return list
    }

    func made(_ builder: MapBuilder) throws(JinjaError) -> Value {
        try check(elements: builder.entries.count)
        try spend(builder.entries.count + 1)
        try build(builder.entries.count * 160 + 64)
        let map = MapValue(builder)
        try check(depth: map.depth)
        return .map(map)
    }

    func made(_ sequence: LazySequence) throws(JinjaError) -> Value {
        try check(depth: sequence.depth)
        try build(128)
        return .iterator(sequence)
    }

    func made(_ namespace: Namespace) throws(JinjaError) -> Value {
        try build(256)
        namespaces.append(namespace)
        return .namespace(namespace)
    }

    /// The activation outlives its call, as something refers to it.
    func capture(_ activation: Activation) {
        guard !activation.isCaptured else { return }
        activation.isCaptured = true
        captured.append(activation)
    }

    func check(elements: Int) throws(JinjaError) {
        guard elements <= limits.elements else {
            throw .limit("expected lists and mappings of at most \(limits.elements) elements, found a longer one")
        }
    }

    func check(depth: Int) throws(JinjaError) {
        guard depth <= limits.valueDepth else { throw Value.tooDeep(limits.valueDepth) }
    }
}

// MARK: - Output

extension Interpreter {
    func write(_ text: Text) throws(JinjaError) {
        try spend(bytes: text.utf8.count)
        if outputs.count > 1 { try build(text.byteSize) }
        try outputs[outputs.count - 1].append(text)
    }

    /// The text that is written while something runs.
    func captured(
        _ body: () throws(JinjaError) -> Flow
    ) throws(JinjaError) -> (text: Text, flow: Flow) {
        outputs.append(newText)
        do throws(JinjaError) {
            let flow = try body()
            return (outputs.removeLast().text, flow)
        } catch {
            outputs.removeLast()
            throw error
        }
    }
}

extension Value {
    static func tooDeep(_ limit: Int) -> JinjaError {
        .limit("expected lists and mappings nested at most \(limit) deep, found deeper ones")
    }

    /// What a template is given, as it sees it.
    init(_ value: JinjaValue, depthLimit: Int) throws(JinjaError) {
        guard depthLimit > 0 else {
            throw .limit("expected variables nested less deeply than the limit, found deeper ones")
        }
        switch value {
        case .none: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value, .input)
        case .float(let value): self = .float(value)
        case .string(let text, let author): self = .text(text, by: author)
        case .list(let items):
            var values: [Value] = []
            for item in items { values.append(try Value(item, depthLimit: depthLimit - 1)) }
            self = .list(ListValue(values))
        case .map(let entries):
            var builder = MapBuilder()
            for entry in entries {
                let name = Text(entry.name, by: .input)
                builder.set(.string(name), MapKey(name), try Value(entry.value, depthLimit: depthLimit - 1))
            }
            self = .map(MapValue(builder))
        }
    }
}
