import Digest
import Foundation
import GGUFFixtures
import ModelFiles
import Testing

/// A model that was split over several files is read as one.
struct GGUFPartsTests {
    /// A folder with the parts of a model that has a tensor in each.
    private final class Parts {
        let folder: String
        let names: [String]

        init(count: Int, edit: (Int, inout GGUFBuilder) -> Void = { _, _ in }) throws {
            folder = NSTemporaryDirectory() + "parts-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            names = (1...count).map { "m-0000\($0)-of-0000\(count).gguf" }
            for part in 0..<count {
                // The parts behind the first have no other metadata.
                var file = GGUFBuilder()
                if part == 0 { file.set("general.architecture", .string("llama")) }
                file.set("split.no", .uint16(UInt16(part)))
                file.set("split.count", .uint16(UInt16(count)))
                file.set("split.tensors.count", .int32(Int32(count)))
                file.addTensor("t\(part)", shape: [2], [Float(part), 1])
                edit(part, &file)
                try Data(file.build()).write(to: URL(filePath: "\(folder)/\(names[part])"))
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: folder) }

        var first: String { "\(folder)/\(names[0])" }
    }

    private func expectRefusal(_ words: [String], _ path: String) {
        let error = #expect(throws: ModelFileError.self) { try ModelFile(path: path) }
        for word in words { #expect(error?.description.contains(word) == true, "\(String(describing: error))") }
    }

    @Test func allPartsTensorsAreThere() throws {
        let parts = try Parts(count: 3)
        let file = try ModelFile(path: parts.first)
        #expect(file.tensorNames == ["t0", "t1", "t2"])
        #expect(try file.tensor("t2").shape == [2])
    }

    @Test func aSplitFileOfOnePartIsWhole() throws {
        let parts = try Parts(count: 1)
        #expect(try ModelFile(path: parts.first).tensorNames == ["t0"])
    }

    @Test func anyPartStandsForTheModel() throws {
        let parts = try Parts(count: 3)
        for name in parts.names {
            let file = try ModelFile(path: "\(parts.folder)/\(name)")
            #expect(file.tensorNames == ["t0", "t1", "t2"] && file.path == parts.first)
        }
    }

    @Test func aLaterPartOfAnotherNameSaysWhichItIs() throws {
        let parts = try Parts(count: 3)
        let other = "\(parts.folder)/model.gguf"
        try FileManager.default.moveItem(atPath: "\(parts.folder)/\(parts.names[1])", toPath: other)
        expectRefusal(["split.no", "a name that says which part it is", "part 2 of 3"], other)
    }

    @Test func thePartsAreFoundFromAnyOfThem() throws {
        let parts = try Parts(count: 3)
        let manifest = try #require(try ModelParts(path: parts.first).manifest)
        #expect(manifest.files.map(\.name) == (1...3).map { "model-0000\($0)-of-00003.gguf" })
        let last = try ModelParts(path: "\(parts.folder)/\(parts.names[2])")
        #expect(last.manifest == manifest)
        #expect(try last.digest() == ModelParts(path: parts.first).digest())
        for name in parts.names.dropFirst() {
            try FileManager.default.removeItem(atPath: "\(parts.folder)/\(name)")
        }
        let error = #expect(throws: ModelFileError.self) { try ModelParts(path: parts.first) }
        for name in parts.names.dropFirst() { #expect(error?.description.contains(name) == true) }
    }

    @Test func oneFileThatIsCalledLikeAPartIsOne() throws {
        let parts = try Parts(count: 2) { _, file in file.replace("split.count", .uint16(1)) }
        #expect(try ModelParts(path: parts.first).manifest == nil)
        let only = try Parts(count: 1)
        #expect(try ModelParts(path: only.first).manifest == nil)
    }

    @Test func aMissingPartIsNamed() throws {
        let parts = try Parts(count: 3)
        try FileManager.default.removeItem(atPath: "\(parts.folder)/\(parts.names[2])")
        expectRefusal([parts.names[2]], parts.first)
    }

    @Test func aFirstPartOfAnotherNameSaysHowItMustBeCalled() throws {
        let parts = try Parts(count: 2)
        let other = "\(parts.folder)/model.gguf"
        try FileManager.default.moveItem(atPath: parts.first, toPath: other)
        expectRefusal(["split.count", "-00001-of-00002.gguf"], other)
    }

    @Test func aPartThatIsAnotherOneIsRefused() throws {
        let parts = try Parts(count: 3) { part, file in
            if part == 1 { file.replace("split.no", .uint16(2)) }
        }
        expectRefusal([parts.names[1], "split.no", "expected 1", "found 2"], parts.first)
    }

    @Test func aTensorInTwoPartsIsRefused() throws {
        let parts = try Parts(count: 2) { part, file in
            if part == 1 { file.addTensor("t0", shape: [2], [0, 0]) }
        }
        expectRefusal([parts.names[1], "\"t0\"", "one part"], parts.first)
    }

    @Test func tooFewTensorsAreCounted() throws {
        let parts = try Parts(count: 2) { part, file in file.replace("split.tensors.count", .int32(7)) }
        expectRefusal(["split.tensors.count", "all parts' tensors, 2", "found 7"], parts.first)
    }

    @Test func moreFilesThanAnybodyHasAreNotLookedFor() throws {
        let parts = try Parts(count: 1) { _, file in file.replace("split.count", .uint16(65535)) }
        expectRefusal(["split.count", "found 65535"], parts.first)
    }
}
