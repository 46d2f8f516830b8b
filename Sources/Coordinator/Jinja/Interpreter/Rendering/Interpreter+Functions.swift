// Functions that all templates have.

extension Interpreter {
    func call(_ function: GlobalFunction, _ arguments: CallArguments) throws(JinjaError) -> Value {
        switch function {
        case .range: return try range(arguments)
        case .dict: return try made(try mapping(arguments, for: "dict"))
        case .namespace:
            let namespace = Namespace()
            for entry in try mapping(arguments, for: "namespace").entries {
                guard case .string(let name) = entry.key else {
                    throw .evaluation("namespace: expected names of attributes, found \(entry.key.kind)")
                }
                try set(name, entry.value, in: namespace)
            }
            return try made(namespace)
        case .cycler:
            guard arguments.named.isEmpty, !arguments.positional.isEmpty else {
                throw .evaluation("cycler: expected at least one item and no names, found other arguments")
            }
            let cycler = Value.cycler(Cycler(try made(arguments.positional)))
            try check(depth: cycler.depth)
            return cycler
        case .joiner:
            return .joiner(Joiner(try arguments.bound(["sep"], for: "joiner")[0] ?? .text(", ", by: .template)))
        case .lipsum: throw .unsupported("lipsum, text at random, is not supported")
        case .raiseException:
            let message = try arguments.bound(["message"], required: 1, for: "raise_exception")[0] ?? .none
            throw JinjaError(.raised, try text(of: message).string)
        case .strftimeNow:
            guard case .string(let format) = try arguments.bound(["format"], required: 1, for: "strftime_now")[0] else {
                throw .evaluation("strftime_now: expected a format, found none")
            }
            return try made(try now.formatted(format))
        }
    }

    // MARK: - Mappings

    /// What `dict()` takes: a mapping or pairs, and names.
    private func mapping(_ arguments: CallArguments, for what: String) throws(JinjaError) -> MapBuilder {
        guard arguments.positional.count <= 1 else {
            throw .evaluation("\(what): expected at most one mapping, found \(arguments.positional.count)")
        }
        var builder = MapBuilder()
        if let value = arguments.positional.first { try insert(value, into: &builder) }
        for argument in arguments.named {
            builder.set(.string(argument.name), MapKey(argument.name), argument.value)
        }
        return builder
    }

    private func insert(_ value: Value, into builder: inout MapBuilder) throws(JinjaError) {
        if case .map(let map) = value {
            for entry in map.entries { builder.set(entry.key, try mapKey(entry.key), entry.value) }
            return
        }
        if case .undefined(let missing) = value { throw .evaluation(missing.message) }
        let pairs = try iterated(value)
        while let pair = try pairs.next(self) {
            let items = try items(of: pair)
            guard items.count == 2 else {
                throw .evaluation("expected pairs of a key and a value, found \(items.count) items")
            }
            try check(elements: builder.entries.count + 1)
            try build(160)
            builder.set(items[0], try mapKey(items[0]), items[1])
        }
    }

    // MARK: - Ranges

    /// As many as Jinja2's sandbox allows.
    private static let rangeLimit = 100_000

    private func range(_ arguments: CallArguments) throws(JinjaError) -> Value {
        guard arguments.named.isEmpty, 1...3 ~= arguments.positional.count else {
            throw .evaluation("range: expected one to three numbers, found other arguments")
        }
        var numbers: [Int] = []
        var author = JinjaAuthor.template
        for value in arguments.positional {
            guard case .integer(let number, let whose) = Arithmetic.number(value) else {
                if case .undefined(let missing) = value { throw .evaluation(missing.message) }
                throw .evaluation("range: expected whole numbers, found \(value.kind)")
            }
            if whose == .input { author = .input }
            numbers.append(number)
        }
        let start = numbers.count > 1 ? numbers[0] : 0
        let stop = numbers.count > 1 ? numbers[1] : numbers[0]
        let range = try Self.range(start: start, stop: stop, step: numbers.count > 2 ? numbers[2] : 1, author)
        guard range.count <= Self.rangeLimit else {
            throw .limit("range: expected at most \(Self.rangeLimit) numbers, found \(range.count)")
        }
        return .range(range)
    }

    static func range(start: Int, stop: Int, step: Int, _ author: JinjaAuthor) throws(JinjaError) -> RangeValue {
        guard step != 0 else { throw .evaluation("range: expected a step other than 0, found 0") }
        let (distance, hasOverflown) = stop.subtractingReportingOverflow(start)
        guard !hasOverflown, step != .min, distance != .min else { throw Arithmetic.overflow }
        var count = 0
        if distance != 0, (distance > 0) == (step > 0) { count = (abs(distance) - 1) / abs(step) + 1 }
        return RangeValue(start: start, step: step, count: count, stop: stop, author: author)
    }
}
