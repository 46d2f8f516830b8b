import FileSystem
import Foundation
import Testing

@Suite struct AtomicFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func theNameIsGivenToTheCompleteFileOnly() throws {
        try folder.write("old", to: "a")
        var file = try AtomicFile(path: folder("a"))
        try file.write(Array("new".utf8)[...])
        try file.seal()
        #expect(try folder.text("a") == "old")
        #expect(try folder.text("a.partial") == "new")
        try file.publish()
        #expect(try folder.text("a") == "new")
        #expect(try folder.names == ["a"])
    }

    @Test(arguments: [false, true]) func oneThatIsNeverFinishedLeavesTheOldFile(keepPartial: Bool) throws {
        try folder.write("old", to: "a")
        do {
            let file = try AtomicFile(path: folder("a"), keepPartial: keepPartial)
            try file.write(Array("new".utf8)[...])
        }
        #expect(try folder.text("a") == "old")
        #expect(try folder.names == (keepPartial ? ["a", "a.partial"] : ["a"]))
    }

    @Test func withdrawingRemovesTheOldFileToo() throws {
        try folder.write("old", to: "a")
        var file = try AtomicFile(path: folder("a"))
        try file.withdraw()
        #expect(try folder.names == [])
    }

    @Test func aLinkStaysAndItsTargetIsReplaced() throws {
        try folder.write("old", to: "target")
        try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: "target")
        try AtomicFile.write(Array("new".utf8), to: folder("link"))
        #expect(try folder.text("target") == "new")
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: folder("link")) == "target")
    }

    @Test func aFolderIsNotReplaced() throws {
        #expect(throws: FileError(path: folder.path, problem: "expected a file or nothing, found a folder")) {
            try AtomicFile.write([], to: folder.path)
        }
    }

    /// Of which a rename would make a file.
    @Test func aPipeIsNotReplaced() throws {
        try #require(mkfifo(folder("pipe"), 0o600) == 0)
        try FileManager.default.createSymbolicLink(atPath: folder("link"), withDestinationPath: "pipe")
        for path in [folder("pipe"), folder("link")] {
            #expect(throws: FileError(path: path, problem: "expected a file or nothing, found a pipe or a device")) {
                try AtomicFile.write([], to: path)
            }
        }
        #expect(try folder.names == ["link", "pipe"])
    }
}
