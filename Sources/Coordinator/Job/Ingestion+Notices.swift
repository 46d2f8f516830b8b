internal import Dataset
internal import Foundation
internal import JobStore

extension Ledger.Ingestion {
    /// What is odd about the records so far; nil in a ledger that an earlier version began.
    var notices: RowNotices? {
        get {
            guard let notes else { return records > 0 ? nil : RowNotices() }
            return try? JSONDecoder().decode(RowNotices.self, from: notes)
        }
        set {
            notes = newValue.map { notices in
                guard let data = try? JSONEncoder().encode(notices) else {
                    preconditionFailure("counts and a text have JSON")
                }
                return data
            }
        }
    }
}
