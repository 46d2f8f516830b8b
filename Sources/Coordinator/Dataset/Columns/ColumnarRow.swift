package import Columnar
package import JSON

/// A row of a columnar file: its values as the file has them, and the same as JSON, which is what is read of it. Values that
/// JSON has no exact form for (bytes, decimals, times) come out of the values.
package struct ColumnarRow: Sendable {
    package let schema: ColumnarSchema

    /// For each column of the schema.
    package let values: [ColumnarValue]

    /// As `ColumnarSchema.json` has it.
    package let object: JSONObject

    /// - Parameter values: for each column of the schema, none of them with bytes that are no text where one should be.
    /// - Throws: `RowProblem` for a text that is not UTF-8.
    init(_ values: [ColumnarValue], _ schema: ColumnarSchema) throws(RowProblem) {
        let json: [UInt8]
        do throws(ColumnarProblem) {
            json = try schema.json(values)
        } catch {
            throw .invalidValue("\(error)")
        }
        self.init(values, schema, try JSONObject(line: json))
    }

    init(_ values: [ColumnarValue], _ schema: ColumnarSchema, _ object: JSONObject) {
        (self.values, self.schema, self.object) = (values, schema, object)
    }
}

extension ColumnarRow: Hashable {
    package static func == (one: Self, other: Self) -> Bool {
        one.object == other.object && one.values == other.values && one.schema == other.schema
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(object) }
}
