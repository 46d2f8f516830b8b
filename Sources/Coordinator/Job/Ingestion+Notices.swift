internal import Dataset
internal import Diagnostics
internal import Foundation
internal import JobStore

extension Ledger.Ingestion {
    /// What is odd about the records so far.
    ///
    /// - Throws: `Problem` where the notes are damaged.
    func notices() throws -> RowNotices {
        guard let notes else { return RowNotices() }
        do {
            return try JSONDecoder().decode(RowNotices.self, from: notes)
        } catch {
            throw Problem("the ledger is damaged: what it notes of odd rows cannot be read (\(error))")
        }
    }

    mutating func note(_ notices: RowNotices) throws { notes = try JSONEncoder().encode(notices) }
}
