import FileSystem
import Foundation
import Testing

@Suite struct OpenFileTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    @Test func whatIsWrittenAtPlacesIsReadThere() throws {
        let file = try OpenFile(folder("a"), .making)
        try file.write(Array("0123456789".utf8))
        try file.write(Array("ab".utf8), at: 3)
        let middle = try file.read(4, at: 2)
        #expect(middle == Array("2ab5".utf8))
        try file.truncate(to: 6)
        let status = try file.status()
        #expect(status.kind == .file && status.byteCount == 6)
        #expect(throws: FileError(path: folder("a"), problem: "expected 9 bytes, found 6")) {
            _ = try file.read(8, at: 1)
        }
    }

    @Test func aFileIsReadToItsEndInParts() throws {
        try folder.write("abcde", to: "a")
        let file = try OpenFile(folder("a"), .reading)
        var parts: [String] = []
        while true {
            let part = try file.read(atMost: 2)
            guard !part.isEmpty else { break }
            parts.append(String(decoding: part, as: UTF8.self))
        }
        #expect(parts == ["ab", "cd", "e"])
    }

    @Test func aFileIsReadToItsEndOrToTheLimit() throws {
        try folder.write("abcde", to: "a")
        var parts: [String] = []
        for limit in [0, 3, 5, 1 << 20] {
            parts.append(String(decoding: try OpenFile(folder("a"), .reading).readToEnd(limit: limit), as: UTF8.self))
        }
        #expect(parts == ["", "abc", "abcde", "abcde"])
    }

    /// Linux gives about a page of such a file at a time.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/proc/self/maps")))
    func aFileThatIsGivenInPiecesIsReadToItsEnd() throws {
        let first = try OpenFile("/proc/self/maps", .reading).read(atMost: 1 << 20)
        let whole = try OpenFile("/proc/self/maps", .reading).readToEnd(limit: 1 << 20)
        #expect(!first.isEmpty && first.count < whole.count)
        let limited = try OpenFile("/proc/self/maps", .reading).readToEnd(limit: first.count + 1)
        #expect(limited.count == first.count + 1)
    }

    @Test func whatIsTouchedIsMadeAndNeedNotBeReadable() throws {
        let before = Date()
        let file = try OpenFile(folder("a"), .touching)
        try file.touch()
        #expect(throws: FileError(path: folder("a"), cannot: "read", code: EBADF)) { _ = try file.read(atMost: 1) }
        let attributes = try FileManager.default.attributesOfItem(atPath: folder("a"))
        let changed = try #require(attributes[.modificationDate] as? Date)
        // File systems count in coarser steps than clocks.
        #expect(changed > before.addingTimeInterval(-2))
        try folder.write("kept", to: "a")
        try OpenFile(folder("a"), .touching).touch()
        #expect(try folder.text("a") == "kept")
    }

    @Test func anErrorSaysWhichCallFailedWhereAndWhy() throws {
        let missing = #expect(throws: FileError.self) { _ = try OpenFile(folder("none/a"), .making) }
        #expect(missing?.description == "\(folder("none/a")): cannot open: No such file or directory")
        #expect(missing?.code == ENOENT)
        try folder.write("", to: "a")
        #expect(throws: FileError(path: folder("a"), cannot: "open", code: EEXIST)) {
            _ = try OpenFile(folder("a"), .makingNew)
        }
        let readOnly = try OpenFile(folder("a"), .reading)
        #expect(throws: FileError(path: folder("a"), cannot: "write", code: EBADF)) { try readOnly.write([1]) }
        #expect(throws: FileError(path: folder("a"), cannot: "shorten", code: EINVAL)) { try readOnly.truncate(to: 0) }
    }

    /// As a disk that is full does.
    @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full"))) func aFullDiskIsTold() throws {
        let file = try OpenFile("/dev/full", .writing)
        let error = #expect(throws: FileError.self) { try file.write([1], at: 0) }
        #expect(error?.isLackOfSpace == true)
    }

    @Test func aLockKeepsOthersOffUntilItsFileIsClosed() throws {
        let second = try OpenFile(folder("lock"), .making)
        do {
            let first = try OpenFile(folder("lock"), .making)
            let (isFirst, isSecond) = (try first.lockIfFree(), try second.lockIfFree())
            #expect(isFirst && !isSecond)
        }
        let isFree = try second.lockIfFree()
        #expect(isFree)
    }

    @Test func aFileThatWasMovedOrReplacedIsNotInPlace() throws {
        let file = try OpenFile(folder("a"), .making)
        var findings = [file.isInPlace]
        try FolderEntry.rename(folder("a"), to: folder("b"))
        findings.append(file.isInPlace)
        try folder.write("", to: "a")
        findings.append(file.isInPlace)
        try FolderEntry.rename(folder("b"), to: folder("a"))
        findings.append(file.isInPlace)
        #expect(findings == [true, false, false, true])
    }

    @Test func aPipeIsOpenedWithoutWaiting() throws {
        #expect(mkfifo(folder("pipe"), 0o600) == 0)
        let status = try OpenFile(folder("pipe"), .reading).status()
        #expect(status.kind == .other)
    }

    @Test func removingWhatIsNotThereIsNoError() throws {
        try FolderEntry.remove(folder("none"))
        #expect(throws: FileError.self) { try FolderEntry.remove(folder.path) }
    }

    @Test func aMappedFileHasTheFilesBytes() throws {
        try folder.write("abcdef", to: "a")
        let file = try MappedFile(path: folder("a"))
        #expect(file.withBytes(2..<5) { Array($0) } == Array("cde".utf8))
        try folder.write("", to: "empty")
        #expect(throws: FileError(path: folder("empty"), problem: "expected a file with content, found an empty file"))
        {
            _ = try MappedFile(path: folder("empty"))
        }
        #expect(throws: FileError.self) { _ = try MappedFile(path: folder.path) }
    }

    @Test func anIdentityIsOfTheContent() throws {
        try folder.write("one", to: "a")
        let identity = try #require(FileIdentity(path: folder("a")))
        let file = try OpenFile(folder("a"), .writing)
        let same = FileIdentity(try file.status(), path: folder("a"))
        #expect(same == identity)
        try file.write(Array("more".utf8), at: 3)
        #expect(FileIdentity(path: folder("a")) != identity)
        #expect(FileIdentity(path: folder.path) == nil)
    }
}
