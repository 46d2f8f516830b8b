/// What stands before a page (`PageHeader`).
struct ParquetPageHeader {
    enum Content {
        /// Levels and values.
        case data(ParquetDataPage)
        case dictionary(valueCount: Int, encoding: ParquetEncoding)

        /// An index, or what nobody here knows: passed over.
        case other
    }

    var uncompressedBytes = 0
    var compressedBytes = 0

    /// Of the bytes in the file.
    var checksum: UInt32?
    var content = Content.other

    /// - Parameter input: the header, and what comes behind it; moves to its end.
    init(_ input: inout ByteReader) throws(ColumnarProblem) {
        var reader = ThriftReader(input)
        var kind: Int32?
        var (data, dictionary, data2): (Content?, Content?, Content?)
        var sizes: (Int?, Int?)
        var scope = try reader.enter()
        while let field = try reader.next(&scope) {
            switch field.id {
            case 1: kind = try reader.int32(field)
            case 2: sizes.0 = try reader.size(field)
            case 3: sizes.1 = try reader.size(field)
            case 4: checksum = UInt32(bitPattern: try reader.int32(field))
            case 5: data = .data(try reader.dataPage(field, isSecondVersion: false))
            case 7: dictionary = try reader.dictionaryPage(field)
            case 8: data2 = .data(try reader.dataPage(field, isSecondVersion: true))
            default: try reader.skip(field)
            }
        }
        guard let kind, let uncompressed = sizes.0, let compressed = sizes.1 else {
            throw ColumnarProblem("a page lacks its type or its size")
        }
        (uncompressedBytes, compressedBytes) = (uncompressed, compressed)
        let found: Content?
        switch kind {
        case 0: found = data
        case 2: found = dictionary
        case 3: found = data2
        default: found = .other
        }
        guard let found else { throw ColumnarProblem("a page of type \(kind) lacks what such pages have") }
        content = found
        input = reader.input
    }
}

/// (`DataPageHeader`, `DataPageHeaderV2`)
struct ParquetDataPage {
    /// Of the second version: levels stand before the values and are never compressed.
    struct Levels {
        var repetitionBytes = 0
        var definitionBytes = 0
        var valuesAreCompressed = true
    }

    /// Nulls, and empty lists, are counted.
    var valueCount = 0
    var encoding = ParquetEncoding.plain

    /// Of the first version.
    var definitionEncoding = ParquetEncoding.runLength
    var repetitionEncoding = ParquetEncoding.runLength
    var levels: Levels?
}

extension ThriftReader {
    private mutating func encoding(_ field: Field) throws(ColumnarProblem) -> ParquetEncoding {
        let code = try int32(field)
        guard let encoding = ParquetEncoding(rawValue: code) else {
            throw ColumnarProblem("expected an encoding of 0 or 2 to 9, found \(code)")
        }
        return encoding
    }

    fileprivate mutating func dictionaryPage(_ outer: Field) throws(ColumnarProblem) -> ParquetPageHeader.Content {
        guard outer.kind == .structure else { throw ColumnarProblem("a page's header is no structure") }
        var (count, encoding): (Int?, ParquetEncoding?)
        var scope = try enter()
        while let field = try next(&scope) {
            switch field.id {
            case 1: count = try size(field)
            case 2: encoding = try self.encoding(field)
            default: try skip(field)
            }
        }
        guard let count, let encoding else { throw ColumnarProblem("a dictionary lacks its size or encoding") }
        return .dictionary(valueCount: count, encoding: encoding)
    }

    /// The two versions have other numbers for their fields.
    fileprivate mutating func dataPage(
        _ outer: Field, isSecondVersion: Bool
    ) throws(ColumnarProblem) -> ParquetDataPage {
        guard outer.kind == .structure else { throw ColumnarProblem("a page's header is no structure") }
        var page = ParquetDataPage(levels: isSecondVersion ? .init() : nil)
        var required = isSecondVersion ? [1, 4, 5, 6] : [1, 2]
        var scope = try enter()
        while let field = try next(&scope) {
            required.removeAll { $0 == field.id }
            switch (field.id, isSecondVersion) {
            case (1, _): page.valueCount = try size(field)
            case (2, false), (4, true): page.encoding = try encoding(field)
            case (3, false): page.definitionEncoding = try encoding(field)
            case (4, false): page.repetitionEncoding = try encoding(field)
            case (5, true): page.levels?.definitionBytes = try size(field)
            case (6, true): page.levels?.repetitionBytes = try size(field)
            case (7, true): page.levels?.valuesAreCompressed = try bool(field)
            default: try skip(field)
            }
        }
        guard required.isEmpty else {
            throw ColumnarProblem("a page lacks its number of values, its encoding or the size of its levels")
        }
        return page
    }
}
