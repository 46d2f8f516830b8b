import Foundation

/// Files that other tests keep, by their paths in the folder of tests.
enum TestFiles {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appending(path: path)))
    }

    static func bytes(in path: String, endingIn suffix: String) throws -> [[UInt8]] {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.appending(path: path).path)
        return try names.filter { $0.hasSuffix(suffix) }.sorted().map { try bytes("\(path)/\($0)") }
    }
}
