/// A column of a record batch, or a part of a nested one. Values are made when they are asked for.
final class ArrowColumn {
    /// A value of a fixed number of bytes.
    enum Form {
        case signed(Int)
        case unsigned(Int)
        case half, float, double
        case decimal(Int)
        case bytes(Int)

        var width: Int {
            switch self {
            case .signed(let width), .unsigned(let width), .decimal(let width), .bytes(let width): width
            case .half: 2
            case .float: 4
            case .double: 8
            }
        }
    }

    indirect enum Content {
        case null
        case bool(ArrowBuffer)
        case fixed(ArrowBuffer, Form)
        case bytes(ArrowBuffer, isWide: Bool, ArrowBuffer, isText: Bool)
        case views(ArrowBuffer, [ArrowBuffer], isText: Bool)
        case list(ArrowBuffer, isWide: Bool, ArrowColumn)
        case listView(ArrowBuffer, ArrowBuffer, width: Int, ArrowColumn)
        case fixedList(Int, ArrowColumn)
        case structure([ArrowColumn])
        case dictionary(ArrowBuffer, width: Int, isSigned: Bool, ArrowDictionary)
    }

    let count: Int
    private let validity: ArrowBuffer?
    private let content: Content

    init(_ count: Int, _ validity: ArrowBuffer?, _ content: Content) {
        self.count = count
        self.validity = validity
        self.content = content
    }

    /// - Parameters:
    ///   - index: below `count`.
    ///   - budget: what the row may still take in memory.
    func value(at index: Int, _ budget: inout Int) throws(ColumnarProblem) -> ColumnarValue {
        budget -= 16
        guard budget >= 0 else { throw Self.tooLarge }
        guard index < count else { throw .cutOff }
        if let validity, try !validity.bit(at: index) { return .null }
        switch content {
        case .null: return .null
        case .bool(let bits): return .bool(try bits.bit(at: index))
        case .fixed(let buffer, let form): return try Self.fixed(buffer, form, index)
        case .bytes(let offsets, let isWide, let data, let isText):
            let range = try Self.range(offsets, isWide, index)
            return try Self.bytes(data, range, isText, &budget)
        case .views(let views, let data, let isText):
            return try Self.view(views, data, isText, index, &budget)
        case .list(let offsets, let isWide, let child):
            return try child.list(try Self.range(offsets, isWide, index), &budget)
        case .listView(let offsets, let sizes, let width, let child):
            let start = try Self.size(offsets, index, width)
            let size = try Self.size(sizes, index, width)
            guard size <= child.count, start <= child.count - size else { throw .cutOff }
            return try child.list(start..<(start + size), &budget)
        case .fixedList(let length, let child):
            return try child.list((index * length)..<((index + 1) * length), &budget)
        case .structure(let parts):
            var values: [ColumnarValue] = []
            values.reserveCapacity(parts.count)
            for part in parts { values.append(try part.value(at: index, &budget)) }
            return .structure(values)
        case .dictionary(let indices, let width, let isSigned, let dictionary):
            let number = try indices.number(at: index * width, byteCount: width)
            let shift = UInt64(64 - 8 * width)
            let isNegative = isSigned && Int64(bitPattern: number << shift) < 0
            guard !isNegative, let number = Int(exactly: number) else { throw .cutOff }
            return try dictionary.value(at: number, &budget)
        }
    }

    private static let tooLarge = ColumnarProblem("the row takes more memory than is supported")

    private func list(_ range: Range<Int>, _ budget: inout Int) throws(ColumnarProblem) -> ColumnarValue {
        guard range.upperBound <= count else { throw .cutOff }
        budget -= 48
        guard range.count <= budget / 16 else { throw Self.tooLarge }
        var values: [ColumnarValue] = []
        values.reserveCapacity(range.count)
        for index in range { values.append(try value(at: index, &budget)) }
        return .list(values)
    }

    private static func size(_ buffer: ArrowBuffer, _ index: Int, _ width: Int) throws(ColumnarProblem) -> Int {
        let number = try buffer.number(at: index * width, byteCount: width)
        guard let size = Int(exactly: number) else { throw .cutOff }
        return size
    }

    private static func range(_ offsets: ArrowBuffer, _ isWide: Bool, _ index: Int) throws(ColumnarProblem) -> Range<
        Int
    > {
        let width = isWide ? 8 : 4
        let (start, end) = (try size(offsets, index, width), try size(offsets, index + 1, width))
        guard start <= end else { throw ColumnarProblem("offsets that go back, from \(start) to \(end)") }
        return start..<end
    }

    private static func bytes(
        _ data: ArrowBuffer, _ range: Range<Int>, _ isText: Bool, _ budget: inout Int
    ) throws(ColumnarProblem) -> ColumnarValue {
        budget -= 32
        guard range.count <= budget else { throw tooLarge }
        budget -= range.count
        let bytes = try data.bytes(range.lowerBound, range.count)
        return isText ? .string(bytes) : .binary(bytes)
    }

    /// A view is the length, and then the text itself where it is short; else its first four bytes, and which buffer
    /// has it where.
    private static func view(
        _ views: ArrowBuffer, _ data: [ArrowBuffer], _ isText: Bool, _ index: Int, _ budget: inout Int
    ) throws(ColumnarProblem) -> ColumnarValue {
        let count = try size(views, 4 * index, 4)
        guard count > 12 else { return try bytes(views, (16 * index + 4)..<(16 * index + 4 + count), isText, &budget) }
        let (number, start) = (try size(views, 4 * index + 2, 4), try size(views, 4 * index + 3, 4))
        guard number < data.count else {
            throw ColumnarProblem("expected a view of one of \(data.count) buffers, found one of buffer \(number)")
        }
        return try bytes(data[number], start..<(start + count), isText, &budget)
    }

    private static func fixed(
        _ buffer: ArrowBuffer, _ form: Form, _ index: Int
    ) throws(ColumnarProblem) -> ColumnarValue {
        let width = form.width
        let offset = index * width
        switch form {
        case .signed:
            let number = try buffer.number(at: offset, byteCount: width)
            let shift = Int64(64 - 8 * width)
            return .integer(Int64(bitPattern: number << UInt64(shift)) >> shift)
        case .unsigned: return .unsigned(try buffer.number(at: offset, byteCount: width))
        case .half: return .half(UInt16(truncatingIfNeeded: try buffer.number(at: offset, byteCount: 2)))
        case .float:
            let bits = try buffer.number(at: offset, byteCount: 4)
            return .float(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
        case .double: return .double(Double(bitPattern: try buffer.number(at: offset, byteCount: 8)))
        case .decimal: return .decimal(try buffer.bytes(offset, width).reversed())
        case .bytes: return .binary(try buffer.bytes(offset, width))
        }
    }
}

extension ArrowColumn.Form {
    /// - Parameter type: one of a fixed number of whole bytes.
    init(_ type: ColumnarType) {
        switch type {
        case .integer(let bits, let isSigned): self = isSigned ? .signed(bits / 8) : .unsigned(bits / 8)
        case .half: self = .half
        case .float: self = .float
        case .double: self = .double
        case .decimal(_, _, let bits): self = .decimal(bits / 8)
        case .fixedBinary(let count): self = .bytes(count)
        case .date(let countsMilliseconds): self = .signed(countsMilliseconds ? 8 : 4)
        case .time(let unit): self = .signed(unit.timeBits / 8)
        default: self = .signed(8)
        }
    }
}

/// Values that columns refer to by number: a column, and those that were put behind it later.
final class ArrowDictionary {
    private let parts: [(start: Int, column: ArrowColumn)]
    private let count: Int

    init(_ column: ArrowColumn) {
        parts = [(0, column)]
        count = column.count
    }

    private init(_ parts: [(start: Int, column: ArrowColumn)], count: Int) {
        self.parts = parts
        self.count = count
    }

    /// The same with more values.
    func appending(_ column: ArrowColumn) throws(ColumnarProblem) -> ArrowDictionary {
        let (sum, overflow) = count.addingReportingOverflow(column.count)
        guard !overflow else { throw ColumnarProblem("a dictionary has more values than can be counted") }
        return ArrowDictionary(parts + [(count, column)], count: sum)
    }

    func value(at index: Int, _ budget: inout Int) throws(ColumnarProblem) -> ColumnarValue {
        guard index < count else {
            throw ColumnarProblem("expected a number below \(count), the size of the dictionary, found \(index)")
        }
        var (low, high) = (0, parts.count - 1)
        while low < high {
            let middle = (low + high + 1) / 2
            if parts[middle].start <= index { low = middle } else { high = middle - 1 }
        }
        return try parts[low].column.value(at: index - parts[low].start, &budget)
    }
}
