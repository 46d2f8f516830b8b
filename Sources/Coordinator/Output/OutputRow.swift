import Foundation

/// The JSON of one output row: the original columns, then the added ones.
///
/// Of a JSON object every byte stays as it is; only where an added column is in the way, the old one is dropped or
/// renamed to `original_<name>`. A CSV row becomes an object of strings. Anything else becomes `raw`, or `raw_base64`
/// if it is no UTF-8.
struct OutputRow {
    private(set) var bytes: [UInt8]

    init(_ original: OriginalRow, _ outcome: RowOutcome, replaceExisting: Bool) {
        let added = Self.addedMembers(outcome)
        switch original {
        case .object(let object):
            let hasConflict = object.members.contains { OutputColumn.isTaken($0.key) }
            if hasConflict && replaceExisting {
                bytes = Self.rebuilt(object, adding: added)
            } else {
                bytes = Self.spliced(object, adding: added)
            }
        case .fields(let columns, let values):
            let kept = zip(columns, values).filter { !(replaceExisting && OutputColumn.isTaken($0.0)) }
            let members = kept.map { Self.member(Self.freeName(for: $0.0, beside: columns), text: $0.1) }
            bytes = Self.object(members + [added])
        case .unreadable(let raw):
            let member =
                if raw.firstInvalidUTF8Offset == nil {
                    Self.member("raw", text: String(decoding: raw, as: UTF8.self))
                } else {
                    Self.member("raw_base64", text: Data(raw).base64EncodedString())
                }
            bytes = Self.object([member, added])
        }
    }

    /// The added columns, without the braces around them. Numbers are the shortest that read back as the same Double.
    private static func addedMembers(_ outcome: RowOutcome) -> [UInt8] {
        switch outcome {
        case .failed(let reason):
            return member(OutputColumn.error.rawValue, text: reason)
        case .annotated(let annotation):
            let numbers: [(OutputColumn, Double)] = [
                (.margin, annotation.margin), (.scoreChosen, annotation.scoreChosen),
                (.scoreRejected, annotation.scoreRejected),
            ]
            return Array(numbers.map { "\"\($0.0.rawValue)\": \($0.1)" }.joined(separator: ", ").utf8)
        }
    }

    /// The object's bytes with the new members behind its last one, and old ones that are in the way renamed.
    private static func spliced(_ object: JSONObject, adding added: [UInt8]) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(object.bytes.count + added.count + 32)
        var copied = 0
        for member in object.members where OutputColumn.isTaken(member.key) {
            output.append(contentsOf: object.bytes[copied..<member.keyRange.lowerBound])
            JSONText.append(freeName(for: member.key, beside: object.members.map(\.key)), to: &output)
            copied = member.keyRange.upperBound
        }
        // Without members, the new ones go right behind the opening brace.
        let insertion =
            object.members.last?.valueRange.upperBound ?? object.bytes.firstIndex(of: UInt8(ascii: "{"))! + 1
        output.append(contentsOf: object.bytes[copied..<insertion])
        if !object.members.isEmpty { output.append(contentsOf: separator) }
        output.append(contentsOf: added)
        output.append(contentsOf: object.bytes[insertion...])
        return output
    }

    /// The object without the members that are in the way. The keys and values of all others stay as they are.
    private static func rebuilt(_ object: JSONObject, adding added: [UInt8]) -> [UInt8] {
        let kept = object.members.filter { !OutputColumn.isTaken($0.key) }
            .map { Array(object.bytes[$0.keyRange.lowerBound..<$0.valueRange.upperBound]) }
        return Self.object(kept + [added])
    }

    /// The name itself, or `original_<name>` (as often as it takes) if an added column has that name.
    private static func freeName(for name: String, beside names: [String]) -> String {
        guard OutputColumn.isTaken(name) else { return name }
        var free = "original_" + name
        while names.contains(where: { $0.utf8.elementsEqual(free.utf8) }) { free = "original_" + free }
        return free
    }

    private static let separator = Array(", ".utf8)

    private static func object(_ members: [[UInt8]]) -> [UInt8] {
        Array("{".utf8) + members.joined(separator: separator) + Array("}".utf8)
    }

    private static func member(_ key: String, text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        JSONText.append(key, to: &bytes)
        bytes.append(contentsOf: ": ".utf8)
        JSONText.append(text, to: &bytes)
        return bytes
    }
}
