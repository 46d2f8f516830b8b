import Foundation
import GRDB
import JobConfiguration
import JobStore

/// Looks into a ledger that a coordinator may have open.
struct LedgerView {
    struct Result: Hashable {
        var unit: Int64
        var attempt: Int64
        var worker: String
        var digest: Data
    }

    private let database: DatabaseQueue

    init(folder: String) throws {
        var configuration = Configuration()
        configuration.readonly = true
        configuration.busyMode = .timeout(600)
        database = try DatabaseQueue(path: folder + "/ledger.sqlite", configuration: configuration)
    }

    /// Of each unit, once all are there.
    func rowCounts() throws -> [Int] {
        try database.read { try Int.fetchAll($0, sql: "SELECT rows FROM unit ORDER BY id") }
    }

    func results() throws -> [Result] {
        try database.read { database in
            try Row.fetchAll(database, sql: "SELECT unit, attempt, worker, digest FROM result ORDER BY unit").map {
                Result(unit: $0["unit"], attempt: $0["attempt"], worker: $0["worker"], digest: $0["digest"])
            }
        }
    }
}
