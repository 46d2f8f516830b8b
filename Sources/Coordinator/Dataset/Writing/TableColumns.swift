package import Columnar

/// What the columns of a file of rows come from.
package struct TableColumns: Sendable {
    /// Of the input.
    let schema: ColumnarSchema

    /// What a column of the input is called in the output; nil where it is left out.
    let name: @Sendable (String) -> String?

    /// The added ones, and of each some value, where there is no row that has them.
    let usual: [AddedColumn]

    package init(
        _ schema: ColumnarSchema, name: @escaping @Sendable (String) -> String?, usual: [AddedColumn]
    ) {
        self.schema = schema
        self.name = name
        self.usual = usual
    }
}
