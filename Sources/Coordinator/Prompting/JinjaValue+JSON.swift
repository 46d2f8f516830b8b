internal import JSON
internal import Jinja

extension JinjaValue {
    /// What a row says, all of whose texts are the conversation's.
    ///
    /// - Throws: `JSONSyntaxError` where an object has a key twice.
    init(_ value: JSONValue) throws(JSONSyntaxError) {
        switch value.kind {
        case .null: self = .none
        case .boolean: self = .bool(value.bytes[value.range.lowerBound] == UInt8(ascii: "t"))
        case .string: self = .input(value.string ?? "")
        case .number:
            let text = String(decoding: value.bytes[value.range], as: UTF8.self)
            self = Int(text).map { .integer($0) } ?? .float(value.number ?? 0)
        case .array:
            var list: [JinjaValue] = []
            for element in value.elements ?? [] { list.append(try JinjaValue(element)) }
            self = .list(list)
        case .object:
            var entries: [Entry] = []
            if let object = try value.object() {
                for member in object.members {
                    entries.append(Entry(member.key, try JinjaValue(object.value(of: member))))
                }
            }
            self = .map(entries)
        }
    }
}
