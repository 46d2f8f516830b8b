internal import Diagnostics

/// What an expression can be.
enum Value {
    case undefined(Missing)
    case none
    case bool(Bool)
    /// A whole number, and whether the template or the input says which.
    case integer(Int, JinjaAuthor)
    case float(Double)
    case string(Text)
    case list(ListValue)
    case tuple(ListValue)
    case map(MapValue)
    case range(RangeValue)
    /// What `keys`, `values` and `items` of a mapping give.
    case view(MapView)
    /// What can be read once, item by item.
    case iterator(LazySequence)
    case namespace(Namespace)
    case macro(Macro)
    case loop(LoopState)
    case function(GlobalFunction)
    case method(Method)
    case cycler(Cycler)
    case joiner(Joiner)

    static func text(_ string: String, by author: JinjaAuthor) -> Value { .string(Text(string, by: author)) }
}

/// Why a value is not there, for the message of who uses it nevertheless.
enum Missing {
    case variable(String)
    case attribute(Text, of: String)
    case element(of: String)
    case forbidden(Text, of: String)
    case nothing(StaticString)

    var message: String {
        switch self {
        case .variable(let name): "expected a value, found the undefined variable \(name.quoted)"
        case .attribute(let name, let kind): "expected a value, found \(kind) without \(name.string.quoted)"
        case .element(let kind): "expected a value, found \(kind) without such an element"
        case .forbidden(let name, let kind):
            "\(name.string.quoted) of \(kind) is refused: templates may neither change what they are given nor look "
                + "inside of it"
        case .nothing(let reason): "expected a value, found none: \(reason)"
        }
    }
}

extension Value {
    /// What kind of value it is, with an article: for messages.
    var kind: String {
        switch self {
        case .undefined: "an undefined value"
        case .none: "none"
        case .bool: "a truth value"
        case .integer: "a whole number"
        case .float: "a floating-point number"
        case .string: "a string"
        case .list: "a list"
        case .tuple: "a tuple"
        case .map: "a mapping"
        case .range: "a range"
        case .view: "a mapping's keys, values or items"
        case .iterator: "an iterator"
        case .namespace: "a namespace"
        case .macro: "a macro"
        case .loop: "a loop"
        case .function: "a function"
        case .method: "a method"
        case .cycler: "a cycler"
        case .joiner: "a joiner"
        }
    }

    /// How deeply values are nested in it: 0 for one that holds none.
    var depth: Int {
        switch self {
        case .undefined, .none, .bool, .integer, .float, .string, .range, .function: 0
        // Kept alive by the rendering, not by who refers to them.
        case .namespace, .macro: 0
        case .list(let list), .tuple(let list): list.depth
        case .map(let map): map.depth
        case .view(let view): view.map.depth + 1
        case .iterator(let sequence): sequence.depth
        case .loop(let loop): loop.depth
        case .method(let method): method.receiver.depth + 1
        case .cycler(let cycler): cycler.items.depth + 1
        case .joiner: 1
        }
    }

    /// Python's truth.
    var isUndefined: Bool {
        if case .undefined = self { true } else { false }
    }
}

/// The items of a list or a tuple. Nothing changes them.
final class ListValue {
    let items: [Value]
    let depth: Int

    /// Whether it is one of the pairs that the filter `groupby` makes, which have names for their two items.
    let isGroup: Bool

    init(_ items: [Value], isGroup: Bool = false) {
        self.items = items
        self.isGroup = isGroup
        depth = (items.lazy.map(\.depth).max() ?? 0) + 1
    }
}

/// Whole numbers at equal distances.
struct RangeValue {
    let start: Int
    let step: Int
    let count: Int
    /// As it was given.
    let stop: Int
    let author: JinjaAuthor

    subscript(index: Int) -> Value { .integer(start + index * step, author) }
}

/// A mapping's keys, values or pairs of both.
struct MapView {
    enum Part { case keys, values, items }

    let map: MapValue
    let part: Part

    subscript(index: Int) -> Value {
        let entry = map.entries[index]
        switch part {
        case .keys: return entry.key
        case .values: return entry.value
        case .items: return .tuple(ListValue([entry.key, entry.value]))
        }
    }
}
