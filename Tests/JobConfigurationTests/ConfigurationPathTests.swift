internal import FileSystem
import Foundation
import JobConfiguration
import Testing

/// Which paths of a job may not be the same, by whatever name.
@Suite struct ConfigurationPathTests {
    /// A folder with the files that a job reads, and its configuration.
    private final class Folder {
        let path: String

        init() throws {
            // The system's folder for such files may itself be a link.
            path = FilePlace(FileManager.default.temporaryDirectory.path).path + "/legend-paths-\(UUID().uuidString)"
            try FileManager.default.createDirectory(atPath: path + "/data", withIntermediateDirectories: true)
            for name in ["rows", "anchors", "model", "key", "allowed", "direction"] { try make("data/\(name)") }
            try make("cluster.yaml")
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func make(_ name: String) throws { try Data(name.utf8).write(to: URL(filePath: "\(path)/\(name)")) }

        func link(_ name: String, to target: String) throws {
            try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
        }

        func hardLink(_ name: String, to target: String) throws {
            try FileManager.default.linkItem(atPath: "\(path)/\(target)", toPath: "\(path)/\(name)")
        }

        /// What is wrong with a job that has these lines besides its input, model and keys; without this folder's path.
        func problems(_ lines: [String], source: String = "anchors: data/anchors", cluster: String = "") throws
            -> [String]
        {
            let yaml = """
                job:
                  input: data/rows
                  \(source)
                \(lines.map { "  \($0)\n" }.joined())
                model: {path: data/model}
                embedding: {layer: -1, token: last, keep_embeddings: true}
                cluster: {secret_key: data/key, allowed_keys: data/allowed}
                """
            do {
                _ = try Configuration(yaml: yaml, path: path + "/cluster.yaml")
                return []
            } catch let error as ConfigurationError {
                return error.problems.map { $0.replacing(path + "/", with: "") }
            }
        }
    }

    private static let read = [
        ("rows", "job.input"), ("anchors", "job.anchors"), ("model", "model.path"), ("key", "cluster.secret_key"),
        ("allowed", "cluster.allowed_keys"), ("../cluster.yaml", "this configuration"),
    ]

    @Test func aJobWhosePathsDifferIsGood() throws {
        let folder = try Folder()
        try folder.link("elsewhere", to: "data")
        try folder.link("dangling", to: "data/not-there-yet")
        #expect(try folder.problems(["output: elsewhere/out.jsonl"]) == [])
        #expect(try folder.problems(["output: dangling"]) == [])
    }

    @Test(arguments: read) func theOutputIsNothingThatIsReadByWhateverName(_ name: String, _ key: String) throws {
        let folder = try Folder()
        let target = URL(filePath: "\(folder.path)/data/\(name)").standardizedFileURL.path.replacing(
            folder.path + "/", with: "")
        try folder.link("link", to: "data/\(name)")
        try folder.link("second", to: "link")
        try folder.link("folder", to: "data")
        try folder.hardLink("hard", to: target)
        for output in [target, "./data/../\(target)", "link", "second", "folder/\(name)", "hard"] {
            let problems = try folder.problems([
                "output: \(output)", "state: s", "embeddings: e", "direction_output: d",
            ])
            #expect(problems.count == 1, "\(output): \(problems)")
            #expect(problems.first?.contains("job.output (") == true, "\(problems)")
            #expect(problems.first?.contains("is the same as \(key)") == true, "\(output): \(problems)")
        }
    }

    @Test(arguments: ["direction_output", "state", "embeddings"])
    func nothingElseThatIsWrittenIsWhatIsReadEither(_ key: String) throws {
        let folder = try Folder()
        try folder.link("link", to: "data/model")
        let problems = try folder.problems(["output: out.jsonl", "\(key): link"])
        #expect(problems == ["cluster.yaml: job.\(key) (link) is the same as model.path (data/model)"])
    }

    @Test func aSavedDirectionIsNotWrittenOver() throws {
        let folder = try Folder()
        try folder.link("link", to: "data/direction")
        let problems = try folder.problems(["output: link"], source: "direction: data/direction")
        #expect(problems == ["cluster.yaml: job.output (link) is the same as job.direction (data/direction)"])
    }

    @Test func whatIsMadeBesideTheOutputIsNothingThatIsRead() throws {
        let folder = try Folder()
        try folder.link("data/out.jsonl.partial", to: "rows")
        #expect(
            try folder.problems(["output: data/out.jsonl"]) == [
                "cluster.yaml: the unfinished job.output (data/out.jsonl.partial) is the same as job.input (data/rows)"
            ])
        try folder.link("out.errors.jsonl", to: "data/anchors")
        #expect(
            try folder.problems(["output: out.jsonl"]) == [
                "cluster.yaml: job.errors (out.errors.jsonl) is the same as job.anchors (data/anchors)"
            ])
    }

    @Test(arguments: ["s/out.jsonl", "link/out.jsonl", "link/deeper/out.jsonl", "data/../link/out.jsonl"])
    func theOutputIsNotWithinTheState(_ output: String) throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path + "/s", withIntermediateDirectories: true)
        try folder.link("link", to: "s")
        let problems = try folder.problems(["output: \(output)", "state: s", "direction_output: d", "embeddings: e"])
        // The errors, the trust figures and the report beside it, and all while they are unfinished.
        #expect(problems.count == 8, "\(problems)")
        #expect(problems.allSatisfy { $0.hasSuffix("is within job.state (s)") }, "\(problems)")
    }

    /// A file of a folder's may become a part of the model.
    @Test func nothingIsMadeInAModelsFolder() throws {
        let folder = try Folder()
        try FileManager.default.removeItem(atPath: folder.path + "/data/model")
        try FileManager.default.createDirectory(atPath: folder.path + "/data/model", withIntermediateDirectories: true)
        let others = ["state: s", "direction_output: d", "embeddings: e"]
        let problems = try folder.problems(["output: data/model/out.jsonl"] + others)
        #expect(problems.count == 8, "\(problems)")
        #expect(problems.allSatisfy { $0.hasSuffix("is within model.path (data/model)") }, "\(problems)")
        #expect(try folder.problems(["output: data/out.jsonl"] + others) == [])
    }

    @Test func aPathBehindALinkLeadsToWhereTheSystemGoes() throws {
        let folder = try Folder()
        try FileManager.default.createDirectory(atPath: folder.path + "/deep/er", withIntermediateDirectories: true)
        try folder.link("link", to: "deep/er")
        #expect(FilePlace.absolute("link/../x", in: folder.path) == folder.path + "/deep/x")
        #expect(FilePlace.absolute("data/./../x", in: folder.path) == folder.path + "/x")
        #expect(FilePlace.absolute("/../x", in: folder.path) == "/x")
    }

    @Test func linksThatLeadInACircleEnd() throws {
        let folder = try Folder()
        try folder.link("one", to: "two")
        try folder.link("two", to: "one")
        #expect(FilePlace(folder.path + "/one/a").path.hasPrefix(folder.path))
    }
}
