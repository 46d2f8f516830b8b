/// Builds the tree of columns from the flat list that a Parquet file has. Lists and maps are recognised in all forms
/// that were ever written: https://github.com/apache/parquet-format/blob/master/LogicalTypes.md#nested-types.
struct ParquetNodeBuilder {
    /// What is around a node.
    struct Place {
        var definition: UInt8 = 0
        var repetition: UInt8 = 0
        var path: [String] = []

        /// In a repeated group or field.
        func repeated(_ name: String?) -> Place {
            Place(
                definition: definition + 1, repetition: repetition + 1, path: path + (name.map { [$0] } ?? []))
        }
    }

    private typealias Built = (type: ColumnarType, content: ParquetNode.Content)

    private var elements: ArraySlice<ParquetElement>
    private let isForWriting: Bool
    private(set) var leaves: [ParquetLeaf] = []

    init(elements: ArraySlice<ParquetElement>, isForWriting: Bool) {
        self.elements = elements
        self.isForWriting = isForWriting
    }

    var isAtEnd: Bool { elements.isEmpty }

    private mutating func take() throws(ColumnarProblem) -> ParquetElement {
        guard let element = elements.popFirst() else { throw ColumnarProblem("the schema ends too early") }
        return element
    }

    /// The next elements, each with all that is in it.
    ///
    /// - Parameter hints: the fields that they were before they were written; those of other names are none.
    mutating func nodes(
        _ count: Int, _ hints: [ColumnarField], _ place: Place
    ) throws(ColumnarProblem) -> [ParquetNode] {
        var nodes: [ParquetNode] = []
        for index in 0..<count {
            let name = elements.first?.name ?? ""
            let hint = index < hints.count && hints[index].name.utf8.elementsEqual(name.utf8) ? hints[index] : nil
            nodes.append(try node(hint, place))
        }
        return nodes
    }

    /// The next element, with all that is in it.
    ///
    /// - Parameter hint: the field that it was before it was written.
    mutating func node(_ hint: ColumnarField?, _ place: Place) throws(ColumnarProblem) -> ParquetNode {
        let element = try take()
        guard element.repetition == .repeated else {
            return try node(element, isNullable: element.repetition == .optional, hint, place)
        }
        // Without a group around it: a list that is never null, of elements that are never null.
        let item = try node(element, isNullable: false, hint?.type.element, place.repeated(nil))
        let type = ColumnarType.list(item.field, .regular).laidOut(as: hint?.type)
        let field = ColumnarField(element.name, type, isNullable: false)
        return ParquetNode(
            field: field, content: .list(item, repetition: place.repetition + 1, count: type.fixedCount),
            parentDefinition: place.definition, definition: place.definition, leaves: item.leaves)
    }

    private mutating func node(
        _ element: ParquetElement, isNullable: Bool, _ hint: ColumnarField?, _ place: Place
    ) throws(ColumnarProblem) -> ParquetNode {
        guard place.path.count <= ColumnarLimits.depthMax else {
            throw ColumnarProblem("the schema is nested more than \(ColumnarLimits.depthMax) deep")
        }
        let inner = Place(
            definition: place.definition + (isNullable ? 1 : 0), repetition: place.repetition,
            path: place.path + [element.name])
        let firstLeaf = leaves.count
        var annotation: ColumnarField.Annotation?
        let built: Built
        if let physical = element.physical {
            annotation = element.annotation
            built = try leaf(element, physical, hint, inner)
        } else {
            guard element.childCount > 0 else {
                throw ColumnarProblem("expected a field in the group, found none").of(column: inner.name)
            }
            built = try group(element, hint, inner)
        }
        var field = ColumnarField(element.name, built.type, isNullable: isNullable)
        field.metadata = hint?.metadata ?? []
        field.number = element.number
        field.annotation = annotation
        return ParquetNode(
            field: field, content: built.content, parentDefinition: place.definition, definition: inner.definition,
            leaves: firstLeaf..<leaves.count)
    }

    private mutating func leaf(
        _ element: ParquetElement, _ physical: ParquetPhysical, _ hint: ColumnarField?, _ place: Place
    ) throws(ColumnarProblem) -> Built {
        let stored: ColumnarType
        do throws(ColumnarProblem) {
            stored = try element.type(physical)
        } catch {
            throw error.of(column: place.name)
        }
        let type = isForWriting ? hint?.type ?? stored : stored.restored(to: hint?.type)
        let leaf = ParquetLeaf(
            index: leaves.count, path: place.path, physical: physical, byteCount: element.byteCount, type: type,
            maxDefinition: place.definition, maxRepetition: place.repetition)
        leaves.append(leaf)
        return (type, .leaf(leaf))
    }

    private mutating func group(
        _ element: ParquetElement, _ hint: ColumnarField?, _ place: Place
    ) throws(ColumnarProblem) -> Built {
        switch element.logical {
        case .list, .map:
            guard element.childCount == 1, let child = elements.first, child.repetition == .repeated else {
                throw ColumnarProblem("expected one repeated field in the group of a list or map")
                    .of(column: place.name)
            }
            let isMap = element.logical == .map && child.physical == nil && child.childCount == 2
            return isMap ? try map(hint, place) : try list(element, hint, place)
        case nil:
            let nodes = try nodes(element.childCount, hint?.type.fields ?? [], place)
            return (.structure(nodes.map(\.field)), .structure(nodes))
        case let logical?:
            throw ColumnarProblem("expected a group of a list, a map or a structure, found \(logical)")
                .of(column: place.name)
        }
    }

    private mutating func list(
        _ element: ParquetElement, _ hint: ColumnarField?, _ place: Place
    ) throws(ColumnarProblem) -> Built {
        let child = try take()
        // The specification's rules for lists of two levels, whose repeated field is the element itself.
        let isElement =
            child.physical != nil || child.childCount != 1 || child.name.utf8.elementsEqual("array".utf8)
            || child.name.utf8.elementsEqual((element.name + "_tuple").utf8) || child.logical != nil
            || elements.first?.repetition == .repeated
        let item =
            isElement
            ? try node(child, isNullable: false, hint?.type.element, place.repeated(nil))
            : try node(hint?.type.element, place.repeated(child.name))
        let type = ColumnarType.list(item.field, .regular).laidOut(as: hint?.type)
        return (type, .list(item, repetition: place.repetition + 1, count: type.fixedCount))
    }

    private mutating func map(_ hint: ColumnarField?, _ place: Place) throws(ColumnarProblem) -> Built {
        let child = try take()
        let inner = place.repeated(child.name)
        var (hints, areSorted): ((ColumnarField?, ColumnarField?), Bool) = ((nil, nil), false)
        if case .map(let key, let value, let keysAreSorted) = hint?.type.plain {
            (hints, areSorted) = ((key, value), keysAreSorted)
        }
        let firstLeaf = leaves.count
        let (key, value) = (try node(hints.0, inner), try node(hints.1, inner))
        let entry = ParquetNode(
            field: ColumnarField(child.name, .structure([key.field, value.field]), isNullable: false),
            content: .structure([key, value]), parentDefinition: inner.definition, definition: inner.definition,
            leaves: firstLeaf..<leaves.count)
        return (
            .map(key: key.field, value: value.field, keysAreSorted: areSorted),
            .list(entry, repetition: inner.repetition, count: nil)
        )
    }
}

extension ParquetNodeBuilder.Place {
    /// For messages.
    fileprivate var name: String { path.joined(separator: ".") }
}

extension ColumnarType {
    fileprivate var element: ColumnarField? {
        if case .list(let element, _) = plain { element } else { nil }
    }

    fileprivate var fields: [ColumnarField]? {
        if case .structure(let fields) = plain { fields } else { nil }
    }

    fileprivate var fixedCount: Int? {
        if case .list(_, .fixed(let count)) = self { count } else { nil }
    }

    /// A list in the layout that another has.
    fileprivate func laidOut(as hint: ColumnarType?) -> ColumnarType {
        guard case .list(let element, _) = self, case .list(_, let layout) = hint?.plain else { return self }
        return .list(element, layout)
    }
}
