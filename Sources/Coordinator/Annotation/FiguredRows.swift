internal import Reports

/// The rows that figures of trust are of: those of prompts that the direction was not fitted on, where they are enough to
/// say something; else all.
struct FiguredRows: Sendable {
    /// Rows that are of prompts that it was fitted on; nil without any.
    let fittedRows: TrustFigures.FittedRows?
    private let fitted: Set<UInt64>

    /// - Parameter rows: those that have scores.
    init(_ rows: [UInt64], _ prompts: RowPrompts) {
        let others = rows.filter { !prompts.fitted.contains($0) }
        guard others.count < rows.count else {
            (fittedRows, fitted) = (nil, [])
            return
        }
        let areLeftOut = TrustFigures.Agreement.isEnough(
            rows: others.count, prompts: Set(others.compactMap { prompts.numbers[$0] }).count)
        fittedRows = .init(rows: rows.count - others.count, areLeftOut: areLeftOut)
        fitted = areLeftOut ? prompts.fitted : []
    }

    var areAll: Bool { fitted.isEmpty }

    func contains(_ row: UInt64) -> Bool { !fitted.contains(row) }
}
