package import JSON

extension JSONObject {
    /// Parses a line that must hold exactly one object.
    ///
    /// - Throws: ``RowProblem`` for invalid UTF-8, invalid JSON, a repeated key, or a value that is no object.
    package init(line bytes: [UInt8]) throws(RowProblem) {
        if let offset = bytes.firstInvalidUTF8Offset { throw .invalidUTF8(offset: offset) }
        do throws(JSONSyntaxError) {
            try self.init(text: bytes)
        } catch {
            throw Self.problem(of: bytes, error)
        }
    }

    /// - Parameter error: why the text is no object.
    private static func problem(of bytes: [UInt8], _ error: JSONSyntaxError) -> RowProblem {
        do throws(JSONSyntaxError) {
            let value = try JSONValue(text: bytes)
            return value.kind == .object ? .invalidJSON(error) : .notAnObject(found: value.kind)
        } catch {
            return .invalidJSON(error)
        }
    }
}
