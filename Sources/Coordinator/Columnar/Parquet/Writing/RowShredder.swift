/// Takes rows apart into the columns of a row group: the way back from ``RowAssembler``.
struct RowShredder {
    private let nodes: [ParquetNode]
    private let columns: [ColumnChunkWriter]

    init(_ nodes: [ParquetNode], _ columns: [ColumnChunkWriter]) {
        self.nodes = nodes
        self.columns = columns
    }

    /// - Throws: where the row does not fit the columns; some may have taken its values then.
    func append(_ row: [ColumnarValue]) throws(ColumnarProblem) {
        guard row.count == nodes.count else {
            throw ColumnarProblem("expected a value for each of \(nodes.count) columns, found \(row.count)")
        }
        for (node, value) in zip(nodes, row) { try append(value, node, repetition: 0) }
        for column in columns { try column.endRow() }
    }

    private func append(_ value: ColumnarValue, _ node: ParquetNode, repetition: UInt8) throws(ColumnarProblem) {
        if case .null = value {
            // A list or a column that cannot be null has the level of what is around it.
            guard node.definition > node.parentDefinition else {
                throw ColumnarProblem("expected a value in a column that may not have nulls, found none")
                    .of(column: node.field.name)
            }
            for leaf in node.leaves {
                columns[leaf].appendNull(definition: node.definition - 1, repetition: repetition)
            }
            return
        }
        switch (node.content, value) {
        case (.leaf(let leaf), _): try columns[leaf.index].append(value, repetition: repetition)
        case (.structure(let parts), .structure(let values)):
            guard parts.count == values.count else {
                throw ColumnarProblem("expected a structure of \(parts.count) values, found \(values.count)")
                    .of(column: node.field.name)
            }
            for (part, value) in zip(parts, values) { try append(value, part, repetition: repetition) }
        case (.list(let element, let level, let count), .list(let values)):
            guard count == nil || values.count == count else {
                throw ColumnarProblem("expected a list of \(count ?? 0), found one of \(values.count)")
                    .of(column: node.field.name)
            }
            guard let first = values.first else {
                for leaf in node.leaves {
                    columns[leaf].appendNull(definition: node.definition, repetition: repetition)
                }
                return
            }
            try append(first, element, repetition: repetition)
            for value in values.dropFirst() { try append(value, element, repetition: level) }
        case (.structure, _), (.list, _):
            throw ColumnarProblem("expected a value of type \(node.field.type), found \(value.kind)")
                .of(column: node.field.name)
        }
    }
}
