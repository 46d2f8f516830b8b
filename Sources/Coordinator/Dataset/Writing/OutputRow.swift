internal import JSON

/// A row of the input with the columns that the output adds behind its own.
package struct OutputRow: Sendable {
    let original: OriginalRow
    let added: [AddedColumn]

    /// What a column of the input is called in the output; nil where it is left out.
    let name: @Sendable (String) -> String?

    /// - Parameters:
    ///   - original: a row that could be read.
    ///   - name: what a column of the input is called in the output; nil where it is left out.
    package init(_ original: OriginalRow, adding added: [AddedColumn], name: @escaping @Sendable (String) -> String?) {
        self.original = original
        self.added = added
        self.name = name
    }

    /// The row as JSON, on one line.
    ///
    /// Of a JSON object every byte stays as it is, but for line breaks between its values, which become spaces; only where
    /// an added column is in the way, the old one is dropped or renamed. A CSV row becomes an object of strings.
    var json: [UInt8] {
        let added = added.map { JSONText.member($0.name, json: Array($0.value.description.utf8)) }
        if let object = original.object {
            var bytes =
                object.members.contains { name($0.key) == nil }
                ? rebuilt(object, adding: added) : spliced(object, adding: added)
            bytes.breakNoLine()
            return bytes
        }
        guard case .fields(let columns, let values) = original else {
            preconditionFailure("a row that cannot be read is in no output")
        }
        let members = zip(columns, values).compactMap { column, value in
            name(column).map { JSONText.member($0, text: value) }
        }
        return JSONText.object(members + added)
    }

    /// The object's bytes with the new members behind its last one, and old ones that are in the way renamed.
    private func spliced(_ object: JSONObject, adding added: [[UInt8]]) -> [UInt8] {
        let added = Array(added.joined(separator: JSONText.separator))
        var output: [UInt8] = []
        output.reserveCapacity(object.bytes.count + added.count + 32)
        var copied = 0
        for member in object.members {
            guard let name = name(member.key), !name.utf8.elementsEqual(member.key.utf8) else { continue }
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

    /// The object without the members that are left out. The values of all others stay as they are, and the keys of those
    /// that keep their names.
    private func rebuilt(_ object: JSONObject, adding added: [[UInt8]]) -> [UInt8] {
        let kept = object.members.compactMap { member -> [UInt8]? in
            guard let name = name(member.key) else { return nil }
            return name.utf8.elementsEqual(member.key.utf8)
                ? Array(object.bytes[member.keyRange.lowerBound..<member.valueRange.upperBound])
                : JSONText.member(name, json: Array(object.bytes[member.valueRange]))
        }
        return JSONText.object(kept + added)
    }
}

extension OutputRow {
    /// - Parameters:
    ///   - record: of a row that could be read, and, where existing columns are refused, has none of them.
    ///   - exchange: nil where no annotation says that responses change places.
    package init(
        _ record: DatasetRecord, _ annotation: Annotation, existing: ExistingColumns, exchange: ResponseExchange? = nil
    ) {
        var original = record.original
        let isFlipped = annotation.mark == .flipped(true)
        if isFlipped {
            guard let exchange else { preconditionFailure("rows of this layout cannot be flipped") }
            original = original.exchanged(by: exchange)
        }
        self.init(
            original,
            adding: record.pairColumns(isFlipped: isFlipped)
                + annotation.members.map { AddedColumn($0.column.rawValue, $0.value) },
            name: existing.outputName(of:))
    }
}
