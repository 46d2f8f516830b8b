import Testing

@testable import Columnar

/// Files as they are no longer written, put together by hand.
struct LegacyFileTests {
    /// A file of one column in one page.
    private func file(
        _ elements: [ParquetElement], _ physical: ParquetPhysical, levels: (repetitions: [UInt8], definitions: [UInt8]),
        plain: [UInt8], rowCount: Int, encoding: ParquetEncoding = .plain, statisticsBytes: Int = 0
    ) throws -> [UInt8] {
        let columns = try ParquetColumns(elements, original: nil)
        let leaf = columns.leaves[0]
        var data: [UInt8] = []
        if leaf.maxRepetition > 0 { data.append(levels: levels.repetitions, most: leaf.maxRepetition) }
        if leaf.maxDefinition > 0 { data.append(levels: levels.definitions, most: leaf.maxDefinition) }
        var builder = PageBuilder(.none)
        var page = try builder.dataPage(data + plain, valueCount: levels.definitions.count, encoding)
        if statisticsBytes > 0 { page = longPage(data + plain, levels.definitions.count, statisticsBytes) }
        var chunk = ParquetChunk()
        (chunk.physical, chunk.valueCount, chunk.dataOffset) = (physical, levels.definitions.count, 4)
        (chunk.compressedBytes, chunk.uncompressedBytes) = (page.count, page.count)
        let metadata = ParquetMetadata(
            schema: elements, rowCount: rowCount, rowGroups: [ParquetRowGroup(rowCount: rowCount, columns: [chunk])])
        var footer = metadata.serialized(columns.leaves, groupOffsets: [4], createdBy: "test")
        footer.append(littleEndian: UInt32(footer.count))
        return ParquetFooter.magic + page + footer + ParquetFooter.magic
    }

    private func longPage(_ data: [UInt8], _ valueCount: Int, _ statisticsBytes: Int) -> [UInt8] {
        var header = ThriftWriter()
        header.structure {
            $0.int32(1, 0)
            $0.int32(2, Int32(data.count))
            $0.int32(3, Int32(data.count))
            $0.structure(5) {
                $0.int32(1, Int32(valueCount))
                for id in 2...4 { $0.int32(id, id == 2 ? 0 : 3) }
                $0.structure(5) { $0.binary(5, Array(repeating: 0x61, count: statisticsBytes)) }
            }
        }
        return header.bytes + data
    }

    @Test(arguments: [1, 4000, 4096, 5000, 100_000, 300_000])
    func statisticsInPagesMayBeAsLongAsTheirTexts(_ byteCount: Int) throws {
        let bytes = try file(
            schema([.required], list: false), .int32, levels: ([], [0, 0]), plain: plain(1...2), rowCount: 2,
            statisticsBytes: byteCount)
        #expect(try content(of: bytes).1 == [[1], [2]])
    }

    private func schema(_ repetitions: [ParquetElement.Repetition], list: Bool) -> [ParquetElement] {
        var root = ParquetElement(name: "schema")
        root.childCount = 1
        var elements = [root]
        for (index, repetition) in repetitions.enumerated() {
            var element = ParquetElement(name: "c\(index)", repetition: repetition)
            if index == repetitions.count - 1 {
                element.physical = .int32
            } else {
                element.childCount = 1
                if list { element.logical = .list }
            }
            elements.append(element)
        }
        return elements
    }

    private func plain(_ values: ClosedRange<Int32>) -> [UInt8] {
        var bytes: [UInt8] = []
        for value in values { bytes.append(littleEndian: value) }
        return bytes
    }

    @Test func listsOfTwoLevelsAreRead() throws {
        let bytes = try file(
            schema([.optional, .repeated], list: true), .int32, levels: ([0, 1, 0, 0, 0], [2, 2, 1, 0, 2]),
            plain: plain(1...3), rowCount: 4)
        #expect(try content(of: bytes).1 == [[[1, 2]], [[]], [nil], [[3]]])
    }

    @Test func repeatedFieldsWithoutAListAreRead() throws {
        let bytes = try file(
            schema([.repeated], list: false), .int32, levels: ([0, 1, 1, 0, 0], [1, 1, 1, 0, 1]), plain: plain(1...4),
            rowCount: 3)
        #expect(try content(of: bytes).1 == [[[1, 2, 3]], [[]], [[4]]])
    }

    @Test(
        arguments: [
            ([1, 1, 0], [2, 2, 2], "the levels say another nesting"),
            ([0, 1, 0], [2, 2, 3], "a level of at most 2, found 3"),
            ([0, 1, 1], [2, 2, 2], "the row group has fewer values than rows"),
            ([0, 0, 0], [2, 2, 2], "the row group has more values than rows"),
            ([0, 1, 0], [2, 2, 2], "the data end too early"),
        ] as [([UInt8], [UInt8], String)]) func levelsThatContradictAreAnError(
            _ repetitions: [UInt8], _ definitions: [UInt8], _ words: String
        ) throws
    {
        let values = words.contains("early") ? plain(1...2) : plain(1...3)
        let bytes = try file(
            schema([.optional, .repeated], list: true), .int32, levels: (repetitions, definitions), plain: values,
            rowCount: 2)
        let error = #expect(throws: (any Error).self) { try content(of: bytes) }
        #expect(error.map { "\($0)".contains(words) } == true, "\(String(describing: error))")
        #expect(error.map { "\($0)".contains(#"column "c0.c1""#) } == true)
    }

    @Test func pagesOfDictionariesThatAreNotThereAreAnError() throws {
        for encoding in [ParquetEncoding.plainDictionary, .runLength, .bitPacked, .deltaByteArray] {
            let bytes = try file(
                schema([.required], list: false), .int32, levels: ([], [0, 0]), plain: plain(1...2), rowCount: 2,
                encoding: encoding)
            #expect(throws: (any Error).self) { try content(of: bytes) }
        }
    }
}
