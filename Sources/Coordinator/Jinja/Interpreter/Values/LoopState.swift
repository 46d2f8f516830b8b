/// The variable `loop`: https://jinja.palletsprojects.com/en/stable/templates/#for.
final class LoopState {
    private var rest: LazySequence
    /// nil: what is looped over does not know its length, and must be read to the end for it.
    private var length: Int?
    private(set) var index0 = -1
    private var current: Value?
    private(set) var previous: Value?
    /// What was read ahead; nil inside: nothing is left.
    private var ahead: Value??
    private var lastChanged: [Value]?
    let depth: Int

    init(_ items: LazySequence, count: Int?) {
        rest = items
        length = count
        depth = items.depth + 1
    }

    /// - Returns: whether there is another item, which is the current one then.
    func advance(_ interpreter: Interpreter) throws(JinjaError) -> Value? {
        let item: Value?
        if case .some(.some(let found)) = ahead {
            item = found
            ahead = nil
        } else {
            item = try rest.next(interpreter)
        }
        guard let item else { return nil }
        index0 += 1
        previous = current
        current = item
        return item
    }

    func peek(_ interpreter: Interpreter) throws(JinjaError) -> Value? {
        if case .some(.some(let found)) = ahead { return found }
        let item = try rest.next(interpreter)
        ahead = .some(item)
        return item
    }

    func count(_ interpreter: Interpreter) throws(JinjaError) -> Int {
        if let length { return length }
        let items = try interpreter.items(of: .iterator(rest))
        var index = 0
        rest = LazySequence(depth: rest.depth) { (_) throws(JinjaError) in
            defer { index += 1 }
            return index < items.count ? items[index] : nil
        }
        var count = items.count + index0 + 1
        if case .some(.some) = ahead { count += 1 }
        length = count
        return count
    }

    func attribute(_ name: Text, _ interpreter: Interpreter) throws(JinjaError) -> Value? {
        func number(_ value: Int) -> Value { .integer(value, .template) }
        switch name.string {
        case "index": return number(index0 + 1)
        case "index0": return number(index0)
        case "first": return .bool(index0 == 0)
        case "last": return .bool(try peek(interpreter) == nil)
        case "length": return number(try count(interpreter))
        case "revindex": return number(try count(interpreter) - index0)
        case "revindex0": return number(try count(interpreter) - index0 - 1)
        case "depth": return number(1)
        case "depth0": return number(0)
        case "previtem": return index0 == 0 ? .undefined(.nothing("there is no previous item")) : previous
        case "nextitem": return try peek(interpreter) ?? .undefined(.nothing("there is no next item"))
        case "cycle": return .method(Method(.loop(self), .loop(.cycle)))
        case "changed": return .method(Method(.loop(self), .loop(.changed)))
        default: return nil
        }
    }

    func cycled(_ items: [Value]) throws(JinjaError) -> Value {
        guard !items.isEmpty else { throw .evaluation("loop.cycle: expected items, found none") }
        return items[index0 % items.count]
    }

    func hasChanged(_ values: [Value], _ interpreter: Interpreter) throws(JinjaError) -> Value {
        if let lastChanged, try interpreter.areEqual(lastChanged, values) { return .bool(false) }
        lastChanged = values
        return .bool(true)
    }
}
