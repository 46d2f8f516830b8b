internal import Foundation
package import JobStore
internal import Testing

/// A ledger in a folder of its own, removed with the value.
package final class TemporaryLedger {
    package let folder: String
    package private(set) var ledger: Ledger?

    package init() throws {
        let name = "legend-ledger-\(UUID().uuidString)"
        folder = FileManager.default.temporaryDirectory.appendingPathComponent(name).path
        ledger = try Ledger(folder: folder)
    }

    deinit {
        ledger = nil
        try? FileManager.default.removeItem(atPath: folder)
    }

    package var open: Ledger { get throws { try #require(ledger) } }

    /// As after a restart of the coordinator.
    package func reopen() throws {
        ledger = nil
        ledger = try Ledger(folder: folder)
    }
}
