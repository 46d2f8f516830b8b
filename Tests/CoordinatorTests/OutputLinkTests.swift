import Dataset
import Foundation
import Testing

@testable import Coordinator

/// An output whose path is a symbolic link.
@Suite struct OutputLinkTests {
    private final class Folder {
        let path = FileManager.default.temporaryDirectory.path + "/legend-links-\(UUID().uuidString)"

        init() throws {
            try FileManager.default.createDirectory(atPath: path + "/far", withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func link(_ name: String, to target: String) throws {
            try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
        }

        func text(_ name: String) -> String? { try? String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

        func target(_ name: String) -> String? {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "\(path)/\(name)")
        }

        func names(_ name: String) throws -> [String] {
            try FileManager.default.contentsOfDirectory(atPath: "\(path)/\(name)").sorted()
        }
    }

    @Test(arguments: [true, false]) func itIsWrittenWhereItPointsAndTheLinkStays(_ isDangling: Bool) throws {
        let folder = try Folder()
        if !isDangling { try Data("old".utf8).write(to: URL(filePath: folder.path + "/far/rows.jsonl")) }
        try folder.link("second", to: "far/rows.jsonl")
        try folder.link("out.jsonl", to: "second")
        var file = try OutputFile(path: folder.path + "/out.jsonl", keepPartial: true)
        try file.write(Array("new".utf8))
        #expect(try folder.names("far") == (isDangling ? [] : ["rows.jsonl"]) + ["rows.jsonl.partial"])
        try file.finish()
        #expect(folder.text("far/rows.jsonl") == "new")
        #expect(folder.target("out.jsonl") == "second" && folder.target("second") == "far/rows.jsonl")
        #expect(try folder.names("") == ["far", "out.jsonl", "second"])
        #expect(try folder.names("far") == ["rows.jsonl"])
    }

    @Test func oneThatIsNeverFinishedLeavesNothing() throws {
        let folder = try Folder()
        try folder.link("out.jsonl", to: "far/rows.jsonl")
        do {
            var file = try OutputFile(path: folder.path + "/out.jsonl", keepPartial: false)
            try file.write(Array("new".utf8))
        }
        #expect(try folder.names("far") == [])
    }

    @Test func theFoldersThatADanglingLinkPointsIntoAreMade() throws {
        let folder = try Folder()
        try folder.link("out.jsonl", to: "not/yet/there.jsonl")
        try OutputPlace.check(folder.path + "/out.jsonl")
        try OutputPlace.makeFolder(of: folder.path + "/out.jsonl")
        #expect(try folder.names("not/yet") == [])
    }
}
