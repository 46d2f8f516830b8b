import Digest
import Foundation
import Testing

@testable import Protocol

/// The names and sizes of a model's files.
@Suite struct FileManifestTests {
    private func manifest(_ files: (String, UInt64)...) throws -> FileManifest {
        try FileManifest(files.map { .init(name: $0.0, byteCount: $0.1) })
    }

    @Test(arguments: [
        "", ".", "..", "../a", "a/b", "/a", "a\\b", ".a", "a\0", "a\n", "a b", "ä", "e\u{301}", "a:b", "~", "\u{202E}a",
        String(repeating: "a", count: 256),
    ])
    func namesThatAreNotPlainAreRefused(_ name: String) {
        let error = #expect(throws: FileManifestError.self) {
            try FileManifest([.init(name: "ok.json", byteCount: 1), .init(name: name, byteCount: 1)])
        }
        #expect(error?.description.hasPrefix("the name of file 1: expected 1 to 255 ASCII letters") == true)
    }

    @Test func plainNamesAreTaken() throws {
        let files = try manifest(("A-z_0.9", 0), (String(repeating: "a", count: 255), 3), ("a..b", 4))
        #expect(files.byteCount == 7)
    }

    @Test func countsAndSizesAreBounded() throws {
        func words(_ files: [FileManifest.File]) -> String {
            #expect(throws: FileManifestError.self) { try FileManifest(files) }?.description ?? ""
        }
        #expect(words([]) == "0 files: expected 1 to 1024")
        #expect(
            words((0...1024).map { .init(name: "\($0)", byteCount: 1) }) == "1025 files: expected 1 to 1024")
        #expect(words([.init(name: "a", byteCount: 0)]) == "files without bytes: expected at least one byte")
        #expect(words([.init(name: "a", byteCount: 1), .init(name: "a", byteCount: 2)]).contains("found it twice"))
        let max = FileManifest.byteCountMax
        #expect(try manifest(("a", max - 1), ("b", 1)).byteCount == max)
        for files in [("a", max, 1), ("b", 1, UInt64.max), ("c", 2, max - 1)] as [(String, UInt64, UInt64)] {
            let found = words([.init(name: "x", byteCount: files.1), .init(name: files.0, byteCount: files.2)])
            #expect(found.contains("expected at most \(max) in all files"), "\(found)")
        }
    }

    /// `printf 'legend-files-1\n2 a\n0 b\n3 c\n\nxyzzy' | sha256sum`
    @Test func theDigestIsOfTheHeaderAndTheBytes() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "manifest-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in [("a", "xy"), ("b", ""), ("c", "zzy")] {
            try Data(text.utf8).write(to: folder.appending(path: name))
        }
        let files = try manifest(("a", 2), ("b", 0), ("c", 3))
        let paths = ["a", "b", "c"].map { folder.appending(path: $0).path }
        #expect(files.header == Array("legend-files-1\n2 a\n0 b\n3 c\n\n".utf8))
        let digest = try SHA256Digest(of: files, at: paths)
        #expect(digest == SHA256Digest(of: Data(files.header) + Data("xyzzy".utf8)))
        #expect(digest.description == "10de66e510fd2d7952952e773309e3463ec5c27cc9b114d9a906a96166a79436")
        let error = #expect(throws: (any Error).self) {
            try SHA256Digest(of: manifest(("a", 2), ("b", 0), ("c", 4)), at: paths)
        }
        #expect(error.map { "\($0)" }?.hasSuffix("c: expected 4 bytes, found 3") == true)
    }

    @Test func differencesNameTheFiles() throws {
        let files = try manifest(("a", 2), ("b", 1))
        #expect(try files.difference(from: manifest(("a", 2), ("b", 1))) == nil)
        #expect(try files.difference(from: manifest(("b", 1), ("a", 2))) == "in another order")
        #expect(
            try files.difference(from: manifest(("a", 3), ("c", 1)))
                == "without c, with b, with other sizes of a")
    }

    @Test func piecesCoverEveryRangeOnce() throws {
        let offer = ModelOffer(
            digest: String(repeating: "a", count: 64), manifest: try manifest(("a", 2), ("b", 0), ("c", 3), ("d", 1)))
        #expect(offer.fileSizes == [2, 0, 3, 1] && offer.byteCount == 6)
        #expect(
            offer.pieces(of: 1..<6) == [
                .init(file: 0, bytes: 1..<2), .init(file: 2, bytes: 0..<3), .init(file: 3, bytes: 0..<1),
            ])
        #expect(offer.pieces(of: 3..<4) == [.init(file: 2, bytes: 1..<2)])
        #expect(offer.pieces(of: 2..<2).isEmpty)
        let one = ModelOffer(digest: String(repeating: "a", count: 64), byteCount: 5)
        #expect(one.pieces(of: 1..<5) == [.init(file: 0, bytes: 1..<5)])
    }
}
