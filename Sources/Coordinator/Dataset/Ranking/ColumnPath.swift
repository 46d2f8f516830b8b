internal import Diagnostics
internal import JSON

/// Where a row has a value for each of several responses: a column, and behind dots the keys on the way into its objects.
/// On that way there is one list: `completions.response` is the member `response` of each object in the list `completions`.
package struct ColumnPath: Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// The column that holds it all.
    let column: String
    private let keys: [String]

    package init(_ text: String) {
        description = text
        let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        column = parts[0]
        keys = Array(parts.dropFirst())
    }

    /// What messages call one of the values.
    ///
    /// - Parameter index: from 0.
    func name(of index: Int) -> String { "\(description)[\(index)]" }

    /// The row's values, one for each element of the list; nil for an element that is null, or has none.
    ///
    /// - Throws: ``RowProblem`` where there is no list, something on the way is no object, a list that is not empty has the
    ///   value nowhere, or there are more elements than a row may have.
    func values(of row: OriginalRow) throws(RowProblem) -> [JSONValue?] {
        var (value, rest) = (try top(of: row), keys[...])
        while value.kind == .object, let key = rest.popFirst() {
            guard let member = try object(value).value(of: key) else { throw missing(in: value, key) }
            value = member
        }
        guard let elements = value.elements else {
            throw .wrongType(column: description, expected: "a list", found: value.kind.words)
        }
        guard elements.count <= RankedResponses.countMax else {
            throw .wrongType(
                column: description, expected: "a list of at most \(RankedResponses.countMax)",
                found: "\(elements.count)")
        }
        guard !rest.isEmpty else { return elements.map { $0.kind == .null ? nil : $0 } }
        var values: [JSONValue?] = []
        for element in elements { values.append(try self.value(at: rest, of: element)) }
        if !values.isEmpty, values.allSatisfy({ $0 == nil }) {
            for element in elements {
                if try !isThere(rest, in: element) { throw missing(in: element, rest.joined(separator: ".")) }
            }
        }
        return values.map { $0?.kind == .null ? nil : $0 }
    }

    private func top(of row: OriginalRow) throws(RowProblem) -> JSONValue {
        switch row.value(of: column) {
        case nil: throw .missingColumn(column, columns: row.columnNames)
        case .json(let value) where value.kind != .string: return value
        case .json(let value): return try parsed(value.string ?? "")
        case .text(let text): return try parsed(text)
        }
    }

    /// A list as JSON text, as files without lists have it.
    private func parsed(_ text: String) throws(RowProblem) -> JSONValue {
        guard let value = try? JSONValue(text: Array(text.utf8)), value.kind == .array || value.kind == .object else {
            throw .wrongType(column: column, expected: "a list, or one as JSON text", found: "another text")
        }
        return value
    }

    /// nil where the element is null, or an object on the way has no such member.
    private func value(at keys: ArraySlice<String>, of element: JSONValue) throws(RowProblem) -> JSONValue? {
        var value = element
        for key in keys {
            if value.kind == .null { return nil }
            guard let member = try object(value).value(of: key) else { return nil }
            value = member
        }
        return value
    }

    private func isThere(_ keys: ArraySlice<String>, in element: JSONValue) throws(RowProblem) -> Bool {
        element.kind == .null ? true : try value(at: keys, of: element) != nil
    }

    private func object(_ value: JSONValue) throws(RowProblem) -> JSONObject {
        do throws(JSONSyntaxError) {
            if let object = try value.object() { return object }
        } catch {
            throw .wrongType(column: description, expected: "objects", found: "one with \(error.problem)")
        }
        throw .wrongType(column: description, expected: "objects on the way there", found: value.kind.words)
    }

    private func missing(in value: JSONValue, _ key: String) -> RowProblem {
        let keys = (try? value.object())?.members.map(\.key) ?? []
        return .wrongType(
            column: description, expected: "objects with \(key.quoted)", found: "one with the keys \(keys.listed)")
    }
}
