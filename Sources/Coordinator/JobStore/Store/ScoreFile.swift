internal import FileSystem
internal import Foundation
internal import Protocol

/// Projections of rows that come in any order, on disk: memory does not grow with their number. The file has no name.
package final class ScoreFile {
    private static let bytesPerRow = 24

    private enum State: UInt64 {
        /// What a file has where nothing was written.
        case absent = 0
        case scored
        case notFinite
    }

    private let file: OpenFile

    /// Neighbours in the input are read together.
    private var chunk: (first: UInt64, words: [UInt64])?
    private static let chunkRows: UInt64 = 4096

    /// - Throws: `FileError` where no file can be made in that folder.
    package init(folder: String) throws {
        let path = "\(folder)/.legend-scores-\(UUID().uuidString)"
        file = try OpenFile(path, .makingNew)
        try FolderEntry.remove(path)
    }

    /// - Parameter scores: of the two responses; nil where a vector is not finite.
    package func set(_ scores: (Double, Double)?, of row: UInt64) throws {
        let state: State = scores == nil ? .notFinite : .scored
        let words = [state.rawValue, (scores?.0 ?? 0).bitPattern, (scores?.1 ?? 0).bitPattern]
        try file.write(words.withUnsafeBytes { Array($0) }, at: Int(row) * Self.bytesPerRow)
    }

    /// What a row comes out with; nil where it was never set. Call it when all are.
    package func result(of row: UInt64) throws -> RowResult? {
        let words = try words(of: row)
        switch State(rawValue: words[0]) {
        case .scored:
            return .values(Tensor(words[1...].map(Double.init(bitPattern:)), shape: [2]))
        case .notFinite: return .failed(reason: UnitResult.RowFailure.notFiniteReason)
        case .absent, nil: return nil
        }
    }

    private func words(of row: UInt64) throws -> [UInt64] {
        let first = row / Self.chunkRows * Self.chunkRows
        if chunk?.first != first {
            let offset = Int(first) * Self.bytesPerRow
            let count = max(0, min(Int(Self.chunkRows) * Self.bytesPerRow, Int(try file.status().byteCount) - offset))
            let bytes = try file.read(count, at: offset)
            chunk = (
                first,
                bytes.withUnsafeBytes { raw in
                    stride(from: 0, to: raw.count, by: 8).map { raw.loadUnaligned(fromByteOffset: $0, as: UInt64.self) }
                }
            )
        }
        guard let words = chunk?.words else { preconditionFailure("a chunk that was just read") }
        let start = Int(row - first) * 3
        return start + 3 <= words.count ? Array(words[start..<start + 3]) : [State.absent.rawValue, 0, 0]
    }
}
