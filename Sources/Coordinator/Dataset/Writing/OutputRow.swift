internal import JSON

/// The JSON of one annotated row: the original columns, then the added ones.
///
/// Of a JSON object every byte stays as it is, but for line breaks between its values, which become spaces; only where
/// an added column is in the way, the old one is dropped or renamed. A CSV row becomes an object of strings.
struct OutputRow {
    private(set) var bytes: [UInt8]

    /// - Parameters:
    ///   - original: a row that could be read, and, where existing columns are refused, has none of them.
    ///   - exchange: nil where no annotation says that responses change places.
    init(
        _ original: OriginalRow, _ annotation: Annotation, existing: ExistingColumns, exchange: ResponseExchange? = nil
    ) {
        let added = Self.addedMembers(annotation)
        switch Self.exchanged(original, annotation, exchange) {
        case .object(let object):
            if case .replaced = existing.fate,
                object.members.contains(where: { OutputColumn(named: $0.key.utf8) != nil })
            {
                bytes = Self.rebuilt(object, adding: added, existing)
            } else {
                bytes = Self.spliced(object, adding: added, existing)
            }
            bytes.breakNoLine()
        case .fields(let columns, let values):
            let members = zip(columns, values).compactMap { column, value in
                Self.name(for: column, existing).map { JSONText.member($0, text: value) }
            }
            bytes = JSONText.object(members + [added])
        case .unreadable:
            preconditionFailure("a row that cannot be read has no margin")
        }
    }

    private static func exchanged(
        _ original: OriginalRow, _ annotation: Annotation, _ exchange: ResponseExchange?
    ) -> OriginalRow {
        guard annotation.mark == .flipped(true) else { return original }
        guard let exchange else { preconditionFailure("rows of this layout cannot be flipped") }
        return original.exchanged(by: exchange)
    }

    /// The added columns, without the braces around them.
    private static func addedMembers(_ annotation: Annotation) -> [UInt8] {
        Array(annotation.members.map { "\"\($0.column.rawValue)\": \($0.value)" }.joined(separator: ", ").utf8)
    }

    /// What a column of the input is called in the output; nil where it is dropped.
    private static func name(for name: String, _ existing: ExistingColumns) -> String? {
        guard let column = OutputColumn(named: name.utf8) else { return name }
        switch existing.fate {
        case .refused: preconditionFailure("a row with the column \(name) is not annotated")
        case .renamed(let renaming): return renaming.name(for: column)
        case .replaced: return nil
        }
    }

    /// The object's bytes with the new members behind its last one, and old ones that are in the way renamed.
    private static func spliced(
        _ object: JSONObject, adding added: [UInt8], _ existing: ExistingColumns
    ) -> [UInt8] {
        var output: [UInt8] = []
        output.reserveCapacity(object.bytes.count + added.count + 32)
        var copied = 0
        for member in object.members where OutputColumn(named: member.key.utf8) != nil {
            guard let name = name(for: member.key, existing) else { continue }
            output.append(contentsOf: object.bytes[copied..<member.keyRange.lowerBound])
            JSONText.append(name, to: &output)
            copied = member.keyRange.upperBound
        }
        // Without members, the new ones go right behind the opening brace.
        let insertion =
            object.members.last?.valueRange.upperBound ?? object.bytes.firstIndex(of: UInt8(ascii: "{"))! + 1
        output.append(contentsOf: object.bytes[copied..<insertion])
        if !object.members.isEmpty { output.append(contentsOf: JSONText.separator) }
        output.append(contentsOf: added)
        output.append(contentsOf: object.bytes[insertion...])
        return output
    }

    /// The object without the members that are in the way. The keys and values of all others stay as they are.
    private static func rebuilt(
        _ object: JSONObject, adding added: [UInt8], _ existing: ExistingColumns
    ) -> [UInt8] {
        let kept = OriginalRow.object(object).members { OutputColumn(named: $0.utf8) == nil }
        return JSONText.object(kept + [added])
    }
}
