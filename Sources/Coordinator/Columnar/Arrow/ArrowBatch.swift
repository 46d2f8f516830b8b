/// Finds the columns of a record batch or dictionary in its data, in the order of the schema's fields, depth first.
struct ArrowBatch {
    private let source: ArrowSource
    private let body: Range<Int>
    private let dictionaries: [Int: ArrowDictionary]
    private let isCompressed: Bool

    /// Whether all buffers are in memory: those of a dictionary, whose values are taken from here and there.
    private let isInMemory: Bool

    /// Of each column and part of one, the number of values and of nulls.
    private var nodes: ArraySlice<Int>

    /// Of each buffer, the place in the data and the size.
    private var buffers: ArraySlice<Int>
    private var viewCounts: ArraySlice<Int>

    /// How much may still be in memory.
    private var bytesLeft: Int

    /// - Parameter header: the table `RecordBatch` (Message.fbs).
    init(
        _ header: FlatTable, _ source: ArrowSource, body: Range<Int>, dictionaries: [Int: ArrowDictionary],
        isDictionary: Bool
    ) throws(ColumnarProblem) {
        self.source = source
        self.body = body
        self.dictionaries = dictionaries
        isInMemory = isDictionary
        nodes = try header.integers(1, perElement: 2)[...]
        buffers = try header.integers(2, perElement: 2)[...]
        viewCounts = try header.integers(4)[...]
        bytesLeft = source.limits.batchBytesMax
        if let compression = try header.table(3) {
            let codec = try compression.int8(0)
            guard codec == 1 else {
                throw ColumnarProblem(
                    """
                    expected data that are uncompressed or compressed with zstd, found \
                    \(codec == 0 ? "LZ4" : "codec \(codec)"): write the file with compression='zstd' or none
                    """)
            }
            isCompressed = true
        } else {
            isCompressed = false
        }
    }

    /// The next column.
    ///
    /// - Parameter areValues: of a dictionary: its own values, not numbers of them.
    mutating func column(_ field: ArrowField, areValues: Bool = false) throws(ColumnarProblem) -> ArrowColumn {
        do throws(ColumnarProblem) {
            return try unnamedColumn(field, areValues)
        } catch {
            throw error.of(column: field.field.name)
        }
    }

    private mutating func unnamedColumn(
        _ field: ArrowField, _ areValues: Bool
    ) throws(ColumnarProblem) -> ArrowColumn {
        guard let count = nodes.popFirst(), let nullCount = nodes.popFirst(), count >= 0, count < 1 << 48 else {
            throw ColumnarProblem("the record batch has too few columns, or one of a negative length")
        }
        if case .dictionary(_, let bits, let isSigned, _) = field.field.type, !areValues {
            guard let id = field.dictionary, let dictionary = dictionaries[id] else {
                throw ColumnarProblem("the dictionary of the column is missing")
            }
            let validity = try validity(count, nullCount)
            let indices = try buffer(atLeast: count, bits / 8)
            return ArrowColumn(
                count, validity,
                .dictionary(indices, width: bits / 8, isSigned: isSigned, dictionary))
        }
        let type = field.field.type.plain
        // The one type without any buffer.
        let validity = type == .null ? nil : try validity(count, nullCount)
        return ArrowColumn(count, validity, try content(type, field, count))
    }

    private mutating func validity(_ count: Int, _ nullCount: Int) throws(ColumnarProblem) -> ArrowBuffer? {
        let bitmap = try buffer()
        guard bitmap.count > 0 || nullCount != 0 && count > 0 else { return nil }
        guard bitmap.count >= (count + 7) / 8 else { throw .cutOff }
        return bitmap
    }

    private mutating func content(
        _ type: ColumnarType, _ field: ArrowField, _ count: Int
    ) throws(ColumnarProblem) -> ArrowColumn.Content {
        switch type {
        case .null: return .null
        case .bool:
            let bits = try buffer()
            guard bits.count >= (count + 7) / 8 else { throw .cutOff }
            return .bool(bits)
        case .string(let layout), .binary(let layout):
            let isText = if case .string = type { true } else { false }
            guard layout == .regular || layout == .large else { return try views(count, isText: isText) }
            let offsets = try offsets(count, layout)
            return .bytes(offsets, isWide: layout == .large, try buffer(), isText: isText)
        case .list(_, let layout): return try list(layout, field, count)
        case .map: return .list(try offsets(count, .regular), isWide: false, try child(field))
        case .structure:
            var parts: [ArrowColumn] = []
            for part in field.children {
                let column = try column(part)
                guard column.count >= count else { throw ColumnarProblem("a structure's parts differ in length") }
                parts.append(column)
            }
            return .structure(parts)
        default:
            let form = ArrowColumn.Form(type)
            return .fixed(try buffer(atLeast: count, form.width), form)
        }
    }

    private mutating func list(
        _ layout: ColumnarType.Layout, _ field: ArrowField, _ count: Int
    ) throws(ColumnarProblem) -> ArrowColumn.Content {
        switch layout {
        case .regular, .large:
            return .list(try offsets(count, layout), isWide: layout == .large, try child(field))
        case .view, .largeView:
            let width = layout == .view ? 4 : 8
            let offsets = try buffer(atLeast: count, width)
            return .listView(offsets, try buffer(atLeast: count, width), width: width, try child(field))
        case .fixed(let length):
            let values = try child(field)
            let (needed, overflow) = count.multipliedReportingOverflow(by: length)
            guard !overflow, values.count >= needed else { throw .cutOff }
            return .fixedList(length, values)
        }
    }

    private mutating func child(_ field: ArrowField) throws(ColumnarProblem) -> ArrowColumn {
        guard let child = field.children.first else { throw ColumnarProblem("a list without a type of its elements") }
        return try column(child)
    }

    private mutating func views(_ count: Int, isText: Bool) throws(ColumnarProblem) -> ArrowColumn.Content {
        let views = try buffer(atLeast: count, 16)
        guard let dataCount = viewCounts.popFirst(), (0...(buffers.count / 2)).contains(dataCount) else {
            throw ColumnarProblem("the number of buffers that views look at is missing or impossible")
        }
        var data: [ArrowBuffer] = []
        for _ in 0..<dataCount { data.append(try buffer()) }
        return .views(views, data, isText: isText)
    }

    /// One more than there are values; of none there may be none.
    private mutating func offsets(
        _ count: Int, _ layout: ColumnarType.Layout
    ) throws(ColumnarProblem) -> ArrowBuffer {
        try buffer(atLeast: count == 0 ? 0 : count + 1, layout == .large ? 8 : 4)
    }

    private mutating func buffer(atLeast count: Int, _ width: Int) throws(ColumnarProblem) -> ArrowBuffer {
        let buffer = try buffer()
        let (needed, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, buffer.count >= needed else { throw .cutOff }
        return buffer
    }

    private mutating func buffer() throws(ColumnarProblem) -> ArrowBuffer {
        guard let offset = buffers.popFirst(), let count = buffers.popFirst(), offset >= 0, count >= 0,
            offset <= body.count, count <= body.count - offset
        else { throw ColumnarProblem("a buffer is missing, or beyond the record batch's data") }
        let start = body.lowerBound + offset
        guard isCompressed, count > 0 else {
            guard isInMemory else { return ArrowBuffer(source, start..<(start + count)) }
            try account(for: count)
            return ArrowBuffer(source, inMemory: try source.read(count, at: start))
        }
        guard count >= 8 else { throw .cutOff }
        let announced = Int(Int64(bitPattern: try source.read(8, at: start).littleEndian(at: 0, byteCount: 8)))
        if announced == -1 {
            guard isInMemory else { return ArrowBuffer(source, (start + 8)..<(start + count)) }
            try account(for: count - 8)
            return ArrowBuffer(source, inMemory: try source.read(count - 8, at: start + 8))
        }
        try account(for: announced)
        let compressed = try source.read(count - 8, at: start + 8)
        return ArrowBuffer(source, inMemory: try Compression.zstd.decompress(compressed[...], byteCount: announced))
    }

    private mutating func account(for byteCount: Int) throws(ColumnarProblem) {
        guard byteCount >= 0, byteCount <= bytesLeft else {
            throw ColumnarProblem(
                """
                a record batch or dictionary takes more than \(source.limits.batchBytesMax) bytes of memory, the most \
                that is supported: write smaller batches, or without compression
                """)
        }
        bytesLeft -= byteCount
    }
}
