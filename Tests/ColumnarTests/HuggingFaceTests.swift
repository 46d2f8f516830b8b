import Columnar
import Testing

struct HuggingFaceTests {
    private func features(_ json: String, adding fields: [ColumnarField]) throws -> String? {
        let schema = try ColumnarSchema(
            [ColumnarField("a", .string)],
            metadata: [
                ColumnarMetadata(key: Array("other".utf8), value: nil),
                ColumnarMetadata(key: Array("huggingface".utf8), value: Array(json.utf8)),
            ])
        let metadata = try schema.appending(fields).metadata
        #expect(metadata.first?.key == Array("other".utf8))
        return metadata.dropFirst().first.map { String(decoding: $0.value ?? [], as: UTF8.self) }
    }

    private let added = [
        ColumnarField("margin", .double),
        ColumnarField("x", .list(ColumnarField("item", .structure([ColumnarField("y", .string)])), .regular)),
    ]

    @Test func newColumnsAreListedBehindTheOthers() throws {
        #expect(
            try features(
                #"{"fingerprint": "}{", "info": {"x": [1, {"a": 2}], "features": {"a": {"dtype": "string"}}}, "z": 1}"#,
                adding: added)
                == #"{"fingerprint": "}{", "info": {"x": [1, {"a": 2}], "features": {"a": {"dtype": "string"}, "#
                + #""margin": {"dtype": "float64", "_type": "Value"}, "#
                + #""x": [{"y": {"dtype": "string", "_type": "Value"}}]}}, "z": 1}"#)
        #expect(
            try features(#"{"info":{"features":{ }}}"#, adding: [added[0]])
                == #"{"info":{"features":{ "margin": {"dtype": "float64", "_type": "Value"}}}}"#)
    }

    @Test(arguments: [
        "", "{", "[]", "{}", #"{"info": {}}"#, #"{"info": {"features": null}}"#, #"{"info": {"features": {"a"}}}"#,
        #"{"info": {"features": {"margin": 1}}}"#, #"{"info": {"features": {"m\u0061rgin": 1}}}"#,
        #"{"info": {"features": {"a": [}}"#, #"{"info": {"features": {"a": 1"#, #"{"a": "\"#,
    ]) func whatCannotBeExtendedIsLeftOut(_ json: String) throws {
        #expect(try features(json, adding: added) == nil)
    }

    @Test func columnsOfTypesWithoutADescriptionLeaveItOut() throws {
        let date = ColumnarField("d", .date(countsMilliseconds: false))
        #expect(try features(#"{"info": {"features": {}}}"#, adding: [date]) == nil)
    }

    @Test func aSecondColumnOfANameIsAnError() throws {
        let schema = try ColumnarSchema([ColumnarField("a", .string)])
        let error = #expect(throws: ColumnarProblem.self) { try schema.appending([ColumnarField("a", .double)]) }
        #expect(error?.description == #"expected names that differ, found "a" twice"#)
    }
}
