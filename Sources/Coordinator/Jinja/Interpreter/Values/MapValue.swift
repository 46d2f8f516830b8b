/// A mapping in the order of insertion. Nothing changes it once it is made.
final class MapValue {
    struct Entry {
        let key: Value
        let value: Value
    }

    let entries: [Entry]
    let depth: Int
    private let places: [MapKey: Int]

    init(_ builder: MapBuilder) {
        entries = builder.entries
        places = builder.places
        depth = (entries.lazy.map { max($0.key.depth, $0.value.depth) }.max() ?? 0) + 1
    }

    subscript(key: MapKey) -> Value? { places[key].map { entries[$0].value } }
}

/// A mapping that is being made. Of entries with equal keys, the first one's place and key and the last one's value
/// stay.
struct MapBuilder {
    private(set) var entries: [MapValue.Entry] = []
    private(set) var places: [MapKey: Int] = [:]

    subscript(key: MapKey) -> Value? { places[key].map { entries[$0].value } }

    mutating func set(_ key: Value, _ mapKey: MapKey, _ value: Value) {
        if let place = places[mapKey] {
            entries[place] = MapValue.Entry(key: entries[place].key, value: value)
        } else {
            places[mapKey] = entries.count
            entries.append(MapValue.Entry(key: key, value: value))
        }
    }
}

/// What equal keys of a mapping have in common: of texts the bytes, of numbers the value, whatever their kind.
enum MapKey: Hashable {
    case none
    case undefined
    case integer(Int)
    case float(Double)
    case string([UInt8])
    case tuple([MapKey])
    case object(ObjectIdentifier)
    case function(GlobalFunction)

    init(_ text: Text) { self = .string(text.utf8) }

    /// - Throws: ``JinjaError`` for a list or a mapping, which Python cannot hash.
    init(_ value: Value) throws(JinjaError) {
        switch value {
        case .undefined: self = .undefined
        case .none: self = .none
        case .bool(let value): self = .integer(value ? 1 : 0)
        case .integer(let value, _): self = .integer(value)
        case .float(let value): self = Int(exactly: value).map { .integer($0) } ?? .float(value)
        case .string(let text): self = .string(text.utf8)
        case .tuple(let list):
            var keys: [MapKey] = []
            for item in list.items { keys.append(try MapKey(item)) }
            self = .tuple(keys)
        case .range(let range): self = .tuple([.integer(range.start), .integer(range.step), .integer(range.count)])
        case .namespace(let object): self = .object(ObjectIdentifier(object))
        case .macro(let object): self = .object(ObjectIdentifier(object))
        case .loop(let object): self = .object(ObjectIdentifier(object))
        case .iterator(let object): self = .object(ObjectIdentifier(object))
        case .cycler(let object): self = .object(ObjectIdentifier(object))
        case .joiner(let object): self = .object(ObjectIdentifier(object))
        case .function(let function): self = .function(function)
        case .list, .map, .view, .method:
            throw .evaluation("expected a key that can be looked up, found \(value.kind)")
        }
    }
}
