/// A column of a Parquet file or a part of a nested one: where its values are in the leaves, and from which definition
/// level on they are there. A tree of them takes rows apart and puts them together, as in Melnik et al.: "Dremel:
/// Interactive Analysis of Web-Scale Datasets", VLDB 2010.
final class ParquetNode: Sendable {
    enum Content: Sendable {
        case leaf(ParquetLeaf)
        case structure([ParquetNode])

        /// A list, or a map as a list of structures. The elements after the first have the list's repetition level;
        /// where `count` is given, all lists have that length.
        case list(ParquetNode, repetition: UInt8, count: Int?)
    }

    let field: ColumnarField
    let content: Content

    /// Of what is around it: a lower level means that there is no value here at all.
    let parentDefinition: UInt8

    /// A lower level is a null. The same as `parentDefinition` where nulls cannot be.
    let definition: UInt8

    /// Numbers of the leaves in it; never empty.
    let leaves: Range<Int>

    init(
        field: ColumnarField, content: Content, parentDefinition: UInt8, definition: UInt8, leaves: Range<Int>
    ) {
        self.field = field
        self.content = content
        self.parentDefinition = parentDefinition
        self.definition = definition
        self.leaves = leaves
    }
}

/// A column of numbers or bytes in a Parquet file.
final class ParquetLeaf: Sendable {
    let index: Int

    /// Names from the outermost field to this one, those of the format's own groups among them.
    let path: [String]
    let physical: ParquetPhysical

    /// Bytes of a value of ``ParquetPhysical/fixedByteArray``.
    let byteCount: Int
    let type: ColumnarType
    let maxDefinition: UInt8
    let maxRepetition: UInt8

    init(
        index: Int, path: [String], physical: ParquetPhysical, byteCount: Int, type: ColumnarType, maxDefinition: UInt8,
        maxRepetition: UInt8
    ) {
        self.index = index
        self.path = path
        self.physical = physical
        self.byteCount = byteCount
        self.type = type
        self.maxDefinition = maxDefinition
        self.maxRepetition = maxRepetition
    }

    /// For messages.
    var name: String { path.joined(separator: ".") }
}

/// The columns of a Parquet file as a tree and as a list of leaves.
struct ParquetColumns: Sendable {
    private(set) var nodes: [ParquetNode] = []
    private(set) var leaves: [ParquetLeaf] = []

    /// - Parameters:
    ///   - elements: the file's schema.
    ///   - original: what the columns were before they were written, where the file says so.
    ///   - isForWriting: whether values have the original's types, not those that a reader gets.
    /// - Throws: where the schema is no tree, or has a type that is not supported.
    init(
        _ elements: [ParquetElement], original: [ColumnarField]?, isForWriting: Bool = false
    ) throws(ColumnarProblem) {
        guard let root = elements.first, root.physical == nil else {
            throw ColumnarProblem("the schema has no root")
        }
        var builder = ParquetNodeBuilder(elements: elements[1...], isForWriting: isForWriting)
        nodes = try builder.nodes(root.childCount, original ?? [], ParquetNodeBuilder.Place())
        guard builder.isAtEnd else { throw ColumnarProblem("the schema has more parts than it says") }
        leaves = builder.leaves
    }
}
