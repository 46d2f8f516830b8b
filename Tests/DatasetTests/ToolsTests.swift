import Dataset
import DatasetFixtures
import Testing

/// Rows whose model was given tools.
@Suite struct ToolsTests {
    private func tools(_ column: String, reads: Bool = true, ignored: [String] = []) throws -> Result<String?, RowError>
    {
        let folder = try DatasetFolder()
        let path = try folder.write(
            #"{"prompt": "q", "chosen": "a", "rejected": "b", "tools": \#(column)}"#, to: "rows.jsonl")
        var options = DatasetOptions(purpose: .row, ignoredColumns: ignored)
        options.readsTools = reads
        var reader = try DatasetReader(path: path, options: options)
        return try #require(try reader.next()).content.map(\.prompt.tools)
    }

    private static let list = #"[{"name": "f", "parameters": {}}, {"name": "g"}]"#

    @Test func theyArePartOfThePromptAsTheyStand() throws {
        #expect(try tools(Self.list).get() == Self.list)
        #expect(try tools(#""[{\"name\": \"f\"}]""#).get() == #"[{"name": "f"}]"#)
    }

    @Test(arguments: ["null", "[]", #""""#, #""[]""#, #""null""#])
    func withoutAnyThereIsNothing(_ column: String) throws {
        #expect(try tools(column).get() == nil)
        #expect(try tools(column, reads: false).get() == nil)
    }

    @Test(arguments: [#"{"name": "f"}"#, "[1]", #"[{"name": "f"}, null]"#, #""a hammer""#, #""[{]""#, "3"])
    func whatIsNoListOfObjectsIsAnError(_ column: String) throws {
        let error = #expect(throws: RowError.self) { try tools(column).get() }
        #expect(error?.description.contains("a list of descriptions of tools, each an object") == true)
    }

    @Test func whereTheyAreNotReadTheRowIsAnErrorUnlessTheColumnIsIgnored() throws {
        let error = #expect(throws: RowError.self) { try tools(Self.list, reads: false).get() }
        #expect(error?.description.contains("descriptions of tools are") == true)
        #expect(try tools(Self.list, reads: false, ignored: ["tools"]).get() == nil)
        #expect(try tools(Self.list, ignored: ["tools"]).get() == nil)
    }
}
