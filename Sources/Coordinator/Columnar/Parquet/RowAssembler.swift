/// Puts the rows of a row group together from its columns.
final class RowAssembler {
    private let nodes: [ParquetNode]
    private let cursors: [ColumnCursor]
    private let rowBytesMax: Int
    private var rowBytes = 0

    init(_ footer: ParquetFooter, _ columns: ParquetColumns, _ group: ParquetRowGroup) throws(ColumnarProblem) {
        nodes = columns.nodes
        var cursors: [ColumnCursor] = []
        for (leaf, chunk) in zip(columns.leaves, group.columns) {
            cursors.append(try ColumnCursor(footer, leaf, chunk))
        }
        self.cursors = cursors
        rowBytesMax = footer.limits.rowBytesMax
    }

    /// The furthest place in the file that a column has come to.
    var fileOffset: Int { cursors.map(\.fileOffset).max() ?? 0 }

    func checkIsAtEnd() throws(ColumnarProblem) {
        for cursor in cursors { try cursor.checkIsAtEnd() }
    }

    func next() throws(ColumnarProblem) -> [ColumnarValue] {
        rowBytes = 0
        var row: [ColumnarValue] = []
        row.reserveCapacity(nodes.count)
        for node in nodes { row.append(try value(node, repetition: 0)) }
        return row
    }

    private func value(_ node: ParquetNode, repetition: UInt8) throws(ColumnarProblem) -> ColumnarValue {
        switch node.content {
        case .leaf(let leaf):
            let value = try cursors[leaf.index].next(repetition: repetition, least: node.parentDefinition)
            try account(for: value.byteCost)
            return value
        case .structure(let parts):
            if try isNull(node, repetition) { return .null }
            try account(for: 48)
            var values: [ColumnarValue] = []
            values.reserveCapacity(parts.count)
            for part in parts { values.append(try value(part, repetition: repetition)) }
            return .structure(values)
        case .list(let element, let level, let count):
            if try isNull(node, repetition) { return .null }
            try account(for: 48)
            let values = try elements(of: node, element, repetition: repetition, level: level)
            guard count == nil || values.count == count else {
                throw ColumnarProblem("expected lists of \(count ?? 0), found one of \(values.count)")
                    .of(column: node.field.name)
            }
            return .list(values)
        }
    }

    private func elements(
        of node: ParquetNode, _ element: ParquetNode, repetition: UInt8, level: UInt8
    ) throws(ColumnarProblem) -> [ColumnarValue] {
        let first = cursors[node.leaves.lowerBound]
        let definition = try first.nextDefinition()
        if definition < element.parentDefinition {
            for leaf in node.leaves { try cursors[leaf].skip(repetition: repetition, definition: definition) }
            return []
        }
        var values = [try value(element, repetition: repetition)]
        while try first.nextRepetition() == level { values.append(try value(element, repetition: level)) }
        return values
    }

    /// Whether the next value is a null, which is passed over then.
    private func isNull(_ node: ParquetNode, _ repetition: UInt8) throws(ColumnarProblem) -> Bool {
        let first = cursors[node.leaves.lowerBound]
        let definition = try first.nextDefinition()
        guard definition < node.definition else { return false }
        guard definition >= node.parentDefinition else { throw first.contradiction }
        for leaf in node.leaves { try cursors[leaf].skip(repetition: repetition, definition: definition) }
        return true
    }

    private func account(for byteCount: Int) throws(ColumnarProblem) {
        rowBytes += byteCount
        guard rowBytes <= rowBytesMax else {
            throw ColumnarProblem("the row takes more than \(rowBytesMax) bytes of memory, the most that is supported")
        }
    }
}
