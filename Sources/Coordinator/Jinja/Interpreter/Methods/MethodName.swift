/// Methods that a template can call.
enum MethodName {
    case string(StringMethod)
    case map(MapMethod)
    case sequence(SequenceMethod)
    case loop(LoopMethod)
    case cycler(CyclerMethod)
}

enum StringMethod: String {
    case capitalize, casefold, center, count, endswith, find, format, index, isalnum, isalpha, isascii, isdecimal,
        isdigit
    case islower, isnumeric, isprintable, isspace, istitle, isupper, join, ljust, lower, lstrip, partition, removeprefix
    case removesuffix, replace, rfind, rindex, rjust, rpartition, rsplit, rstrip, split, splitlines, startswith, strip
    case swapcase, title, upper, zfill
}

enum MapMethod: String {
    case copy, get, items, keys, values
}

enum SequenceMethod: String {
    case copy, count, index
}

enum LoopMethod: String {
    case cycle, changed
}

enum CyclerMethod: String {
    case next, reset
}

extension Interpreter {
    /// The method of that name.
    ///
    /// - Returns: nil where Python knows none; an undefined value where the sandbox refuses it.
    /// - Throws: ``JinjaError`` where Python knows one that is not supported here.
    func methodAttribute(_ name: Text, of object: Value) throws(JinjaError) -> Value? {
        let string = name.string
        switch object {
        case .string:
            if let method = StringMethod(rawValue: string) { return .method(Method(object, .string(method))) }
            try refuse(
                string, of: object, ["encode", "expandtabs", "format_map", "isidentifier", "maketrans", "translate"])
        case .map:
            if let method = MapMethod(rawValue: string) { return .method(Method(object, .map(method))) }
            if ["clear", "pop", "popitem", "setdefault", "update"].contains(string) {
                return Self.forbidden(name, object)
            }
            try refuse(string, of: object, ["fromkeys"])
        case .list:
            if let method = SequenceMethod(rawValue: string) { return .method(Method(object, .sequence(method))) }
            let changing = ["append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort"]
            if changing.contains(string) { return Self.forbidden(name, object) }
        case .tuple, .range:
            if let method = SequenceMethod(rawValue: string), method != .copy {
                return .method(Method(object, .sequence(method)))
            }
            if case .range(let range) = object {
                switch string {
                case "start": return .integer(range.start, range.author)
                case "stop": return .integer(range.stop, range.author)
                case "step": return .integer(range.step, range.author)
                default: break
                }
            }
        case .bool, .integer:
            try refuse(
                string, of: object,
                [
                    "as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "imag",
                    "numerator", "real", "to_bytes",
                ])
        case .float:
            try refuse(
                string, of: object,
                ["as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"])
        case .view: try refuse(string, of: object, ["isdisjoint", "mapping"])
        case .iterator:
            try refuse(string, of: object, ["close", "gi_running", "gi_suspended", "gi_yieldfrom", "send", "throw"])
        case .function(.dict): try refuse(string, of: object, ["fromkeys"])
        default: break
        }
        // What Python keeps to itself exists in every object, but not for templates.
        return string.hasPrefix("__") && Self.isInternal(string) ? Self.forbidden(name, object) : nil
    }

    private static func forbidden(_ name: Text, _ object: Value) -> Value {
        .undefined(.forbidden(name, of: object.kind))
    }

    private func refuse(_ name: String, of object: Value, _ names: [String]) throws(JinjaError) {
        guard !names.contains(name) else { throw .unsupported("\(name) of \(object.kind) is not supported") }
    }

    /// The attributes that every Python object has.
    private static func isInternal(_ name: String) -> Bool {
        [
            "__class__", "__delattr__", "__dir__", "__doc__", "__eq__", "__format__", "__ge__", "__getattribute__",
            "__getstate__", "__gt__", "__hash__", "__init__", "__init_subclass__", "__le__", "__lt__", "__ne__",
            "__new__", "__reduce__", "__reduce_ex__", "__repr__", "__setattr__", "__sizeof__", "__str__",
            "__subclasshook__",
        ].contains(name)
    }

    func call(_ method: Method, _ arguments: CallArguments) throws(JinjaError) -> Value {
        switch (method.name, method.receiver) {
        case (.string(let name), .string(let text)):
            try spend(bytes: text.utf8.count)
            return try call(name, of: text, arguments)
        case (.map(let name), .map(let map)): return try call(name, of: map, arguments)
        case (.sequence(let name), let receiver): return try call(name, of: receiver, arguments)
        case (.loop(let name), .loop(let loop)):
            guard arguments.named.isEmpty else {
                throw .evaluation("loop.\(name.rawValue): expected no names of arguments")
            }
            return name == .cycle
                ? try loop.cycled(arguments.positional) : try loop.hasChanged(arguments.positional, self)
        case (.cycler(let name), .cycler(let cycler)):
            _ = try arguments.bound([], for: name.rawValue)
            guard name == .next else {
                cycler.position = 0
                return .none
            }
            defer { cycler.position = (cycler.position + 1) % cycler.items.items.count }
            return cycler.items.items[cycler.position]
        default: throw .evaluation("expected a method of \(method.receiver.kind), found one of another kind")
        }
    }

    private func call(_ name: MapMethod, of map: MapValue, _ arguments: CallArguments) throws(JinjaError) -> Value {
        guard arguments.named.isEmpty else { throw .evaluation("\(name.rawValue): expected no names of arguments") }
        let values = try arguments.bound(
            name == .get ? ["key", "default"] : [], required: name == .get ? 1 : 0, for: name.rawValue)
        switch name {
        case .get: return map[try mapKey(values[0] ?? .none)] ?? values[1] ?? .none
        case .items: return .view(MapView(map: map, part: .items))
        case .keys: return .view(MapView(map: map, part: .keys))
        case .values: return .view(MapView(map: map, part: .values))
        // Nothing changes a mapping, so that a copy is as good as itself.
        case .copy: return .map(map)
        }
    }

    private func call(
        _ name: SequenceMethod, of receiver: Value, _ arguments: CallArguments
    ) throws(JinjaError) -> Value {
        guard arguments.named.isEmpty else { throw .evaluation("\(name.rawValue): expected no names of arguments") }
        let parameters = name == .copy ? [] : name == .count ? ["value"] : ["value", "start", "stop"]
        let values = try arguments.bound(parameters, required: name == .copy ? 0 : 1, for: name.rawValue)
        guard name != .copy else { return receiver }
        let items = try items(of: receiver)
        let wanted = values[0] ?? .none
        if name == .count {
            var count = 0
            for item in items where try areEqual(item, wanted) { count += 1 }
            return .integer(count, .template)
        }
        let bounds = Slice(
            start: try integer(values[1], for: "index"), stop: try integer(values[2], for: "index"), step: 1
        ).bounds(in: items.count)
        for index in bounds.start..<max(bounds.start, bounds.stop) where try areEqual(items[index], wanted) {
            return .integer(index, .template)
        }
        throw .evaluation("index: expected an item that is in the list, found one that is not")
    }

    /// A whole number as an argument; nil stays nil.
    func integer(_ value: Value?, for what: String) throws(JinjaError) -> Int? {
        switch value {
        case nil: return nil
        case .integer(let number, _): return number
        case .bool(let truth): return truth ? 1 : 0
        case .undefined(let missing): throw .evaluation(missing.message)
        case .some(let other): throw .evaluation("\(what): expected a whole number, found \(other.kind)")
        }
    }
}
