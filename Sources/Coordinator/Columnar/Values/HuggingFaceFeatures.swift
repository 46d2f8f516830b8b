internal import JSON

/// The description of a file's columns that Hugging Face's `datasets` writes under the key `huggingface` and prefers to
/// the file's own: JSON, in which `info.features` has a member for each column. What is there stays to the byte:
/// members are added as text.
enum HuggingFaceFeatures {
    static let key = Array("huggingface".utf8)

    /// - Returns: nil where the JSON is of another form, or a column cannot be described there.
    static func appending(_ fields: [ColumnarField], to json: [UInt8]) -> [UInt8]? {
        guard let features = features(in: json), features.value.kind == .object,
            !features.names.contains(where: { name in fields.contains { ExactName($0.name) == ExactName(name) } })
        else { return nil }
        let end = features.value.range.upperBound - 1
        var members: [UInt8] = []
        for field in fields {
            guard let feature = feature(field.type) else { return nil }
            if !features.names.isEmpty || !members.isEmpty { members += JSONText.separator }
            members += JSONText.member(field.name, json: feature)
        }
        return json[..<end] + members + json[end...]
    }

    /// - Parameter name: what a column is called; nil where it is left out.
    /// - Returns: nil where the JSON is of another form.
    static func renaming(_ name: (String) -> String?, in json: [UInt8]) -> [UInt8]? {
        guard let features = features(in: json), let object = try? features.value.object() else { return nil }
        let members = object.members.compactMap { member in
            name(member.key).map { JSONText.member($0, json: Array(json[member.valueRange])) }
        }
        let range = features.value.range
        return json[..<range.lowerBound] + JSONText.object(members) + json[range.upperBound...]
    }

    /// `info.features`, and the names of its members.
    private static func features(in json: [UInt8]) -> (value: JSONValue, names: [String])? {
        guard json.firstInvalidUTF8Offset == nil, let root = try? JSONObject(text: json),
            let info = try? root.value(of: "info")?.object(), let value = info.value(of: "features"),
            let features = try? value.object()
        else { return nil }
        return (value, features.members.map(\.key))
    }

    /// Lists are written as `datasets` of all ages reads them: in brackets.
    private static func feature(_ type: ColumnarType) -> [UInt8]? {
        switch type {
        case .list(let element, .regular):
            return feature(element.type).map { Array("[".utf8) + $0 + Array("]".utf8) }
        case .structure(let fields):
            var members: [[UInt8]] = []
            for field in fields {
                guard let inner = feature(field.type) else { return nil }
                members.append(JSONText.member(field.name, json: inner))
            }
            return JSONText.object(members)
        default:
            return name(type).map { Array("{\"dtype\": \"\($0)\", \"_type\": \"Value\"}".utf8) }
        }
    }

    /// As `datasets` names it.
    private static func name(_ type: ColumnarType) -> String? {
        switch type {
        case .half: "float16"
        case .float: "float32"
        case .double: "float64"
        case .null, .bool, .integer, .string(.regular), .string(.large), .binary(.regular), .binary(.large): "\(type)"
        default: nil
        }
    }
}
