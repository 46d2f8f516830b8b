import Coordinator
import Foundation
import Testing

/// A ledger in a folder of its own, removed with the value.
final class TemporaryLedger {
    let folder: String
    private(set) var ledger: Ledger?

    init() throws {
        let name = "legend-ledger-\(UUID().uuidString)"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        ledger = try Ledger(folder: folder)
    }

    deinit {
        ledger = nil
        try? FileManager.default.removeItem(atPath: folder)
    }

    var open: Ledger { get throws { try #require(ledger) } }

    /// As after a restart of the coordinator.
    func reopen() throws {
        ledger = nil
        ledger = try Ledger(folder: folder)
    }
}
