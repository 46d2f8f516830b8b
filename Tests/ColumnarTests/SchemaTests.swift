import Testing

@testable import Columnar

/// Parquet schemas in all forms that were ever written, as trees of columns.
struct SchemaTests {
    private func group(
        _ name: String, _ logical: ParquetLogical? = nil, _ repetition: ParquetElement.Repetition = .optional,
        _ children: [ParquetElement]..., count: Int? = nil
    ) -> [ParquetElement] {
        var element = ParquetElement(name: name, repetition: repetition)
        element.logical = logical
        element.childCount = count ?? children.count
        return [element] + children.joined()
    }

    private func leaf(
        _ name: String, _ physical: ParquetPhysical = .int32, _ logical: ParquetLogical? = nil,
        _ repetition: ParquetElement.Repetition = .optional, byteCount: Int = 0
    ) -> [ParquetElement] {
        var element = ParquetElement(name: name, repetition: repetition)
        (element.physical, element.logical, element.byteCount) = (physical, logical, byteCount)
        return [element]
    }

    private func columns(_ field: [ParquetElement]) throws -> ParquetColumns {
        try ParquetColumns(group("schema", nil, .required, field), original: nil)
    }

    /// The examples of the specification's rules for lists that were written before there was one.
    @Test func listsOfTwoLevelsAreLists() throws {
        let texts = leaf("element", .byteArray, .string, .repeated)
        #expect(try type(group("l", .list, .optional, texts)) == "list<element: string not null>")

        let pair = group("element", nil, .repeated, leaf("str", .byteArray), leaf("num"))
        #expect(
            try type(group("l", .list, .optional, pair)) == "list<element: struct<str: binary, num: int32> not null>")

        for name in ["array", "l_tuple"] {
            let one = group(name, nil, .repeated, leaf("str", .byteArray, .string, .required))
            #expect(
                try type(group("l", .list, .optional, one))
                    == "list<\(name): struct<str: string not null> not null>")
        }
        let inner = group("array", .list, .repeated, leaf("array", .int32, nil, .repeated))
        #expect(
            try type(group("l", .list, .optional, inner))
                == "list<array: list<array: int32 not null> not null>")
    }

    @Test func listsOfThreeLevelsAreLists() throws {
        let modern = group("list", nil, .repeated, leaf("element", .byteArray, .string))
        #expect(try type(group("l", .list, .optional, modern)) == "list<element: string>")
        let other = group("bag", nil, .repeated, leaf("array_element", .int64, nil, .required))
        #expect(try type(group("l", .list, .required, other)) == "list<array_element: int64 not null>")
    }

    @Test func aRepeatedFieldIsAListOfItsOwn() throws {
        let columns = try columns(leaf("r", .int64, nil, .repeated))
        #expect(columns.nodes[0].field.description == "r: list<r: int64 not null> not null")
        #expect(columns.leaves[0].maxDefinition == 1)
        #expect(columns.leaves[0].maxRepetition == 1)
        let nested = group("g", nil, .optional, group("s", nil, .repeated, leaf("a"), leaf("b", .double)))
        #expect(
            try type(nested) == "struct<s: list<s: struct<a: int32, b: double> not null> not null>")
    }

    @Test func mapsAreMapsWhateverTheirPartsAreCalled() throws {
        let entries = group("map", .map, .repeated, leaf("k", .byteArray, .string, .required), leaf("v"))
        #expect(try type(group("m", .map, .optional, entries)) == "map<string, int32>")
        let set = group("key_value", nil, .repeated, leaf("key", .byteArray, .string, .required))
        #expect(try type(group("m", .map, .optional, set)) == "list<key: string not null>")
    }

    @Test func levelsCountWhatIsOptionalAndRepeated() throws {
        let inner = group("list", nil, .repeated, leaf("element"))
        let outer = group("list", nil, .repeated, group("element", .list, .required, inner))
        let columns = try columns(group("l", .list, .optional, outer))
        #expect(columns.leaves.map(\.maxDefinition) == [4])
        #expect(columns.leaves.map(\.maxRepetition) == [2])
        #expect(columns.leaves.map(\.path) == [["l", "list", "element", "list", "element"]])
    }

    private func type(_ field: [ParquetElement]) throws -> String { try columns(field).nodes[0].field.type.description }

    @Test func whatIsNoSchemaIsAnError() throws {
        #expect(throws: ColumnarProblem.self) { try ParquetColumns([], original: nil) }
        #expect(throws: ColumnarProblem.self) { try columns(group("g", count: 0)) }
        #expect(throws: ColumnarProblem.self) { try columns(group("g", nil, .optional, leaf("a"), count: 2)) }
        #expect(throws: ColumnarProblem.self) { try columns(leaf("a") + leaf("b")) }
        #expect(throws: ColumnarProblem.self) { try columns(group("l", .list, .optional, leaf("a"))) }
        #expect(throws: ColumnarProblem.self) { try columns(group("g", .uuid, .optional, leaf("a"))) }
        var deep = leaf("x")
        for _ in 0..<60 { deep = group("g", nil, .optional, deep) }
        #expect(throws: ColumnarProblem.self) { try columns(deep) }
    }

    @Test(arguments: [
        (ParquetPhysical.fixedByteArray, ParquetLogical.interval, "found interval stored as fixedByteArray"),
        (.byteArray, .other("VARIANT"), #"found other(\"VARIANT\") stored as byteArray"#.replacing("\\", with: "")),
        (.boolean, .string, "found string stored as boolean"), (.int32, .timestamp(.millisecond, isUTC: true), "int32"),
        (.int32, .decimal(precision: 10, scale: 0), "expected a decimal of 1 to 9 digits, found 10 with 0"),
        (.byteArray, .decimal(precision: 3, scale: 4), "found 3 with 4 behind the point"),
        (.fixedByteArray, .uuid, "found uuid stored as fixedByteArray"),
    ]) func typesThatDoNotGoTogetherAreNamedWithTheColumn(
        _ physical: ParquetPhysical, _ logical: ParquetLogical, _ words: String
    ) throws {
        let error = #expect(throws: ColumnarProblem.self) { try columns(leaf("a", physical, logical, byteCount: 12)) }
        #expect(error?.description.hasPrefix(#"column "a": expected "#) == true)
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "")")
    }
}
