package import Protocol

/// What the results say of one row.
package enum RowResult: Hashable, Sendable {
    /// The row's part of its unit's values, in their order; the shape is flat.
    case values(Tensor)
    case failed(reason: String)
}
