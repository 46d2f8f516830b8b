internal import JSON

/// The tools that the model was given with one row's prompt.
struct RowTools {
    /// A list of their descriptions, as JSON text; nil where there are none, or they are not read.
    let text: String?

    /// - Throws: ``RowProblem`` where they are no list of objects, which may also be JSON in a text.
    init(layout: RowLayout, row: OriginalRow) throws(RowProblem) {
        let column = OtherColumn.tools
        guard layout.readsTools, !layout.ignoredColumns.contains(column), let value = row.value(of: column),
            !value.saysNothing, !value.isNothingAsText
        else {
            text = nil
            return
        }
        let list: JSONValue? =
            switch value {
            case .json(let value) where value.kind != .string: value
            case .json, .text: try? JSONValue(text: Array((value.string ?? "").utf8))
            }
        guard let list, let elements = list.elements, elements.allSatisfy({ $0.kind == .object }) else {
            throw .wrongType(
                column: column, expected: "a list of descriptions of tools, each an object", found: value.kindWords)
        }
        text = elements.isEmpty ? nil : String(decoding: list.bytes[list.range], as: UTF8.self)
    }
}
