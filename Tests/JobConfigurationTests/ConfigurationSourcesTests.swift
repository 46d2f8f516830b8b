import Foundation
import JobConfiguration
import Testing

/// What `job.anchors` may be.
@Suite struct ConfigurationSourcesTests {
    private func yaml(_ anchors: String, _ more: String = "") -> String {
        ConfigurationFixtures.minimal.replacing("anchors: anchors.jsonl", with: "anchors: \(anchors)") + more
    }

    private func sources(_ anchors: String) throws -> [Configuration.AnchorSource] {
        try ConfigurationFixtures.read(yaml(anchors)).job.directionSource.anchors
    }

    @Test func severalSourcesKeepTheirOrder() throws {
        #expect(
            try sources("[own, a.jsonl, ../b.jsonl, ./own]")
                == [.own, .file("/jobs/today/a.jsonl"), .file("/jobs/b.jsonl"), .file("/jobs/today/own")])
        #expect(try sources("\n    - a.jsonl\n    - own") == [.file("/jobs/today/a.jsonl"), .own])
        #expect(try sources("[own]") == [.own])
        #expect(try sources("[anchors.jsonl]") == sources("anchors.jsonl"))
    }

    @Test(arguments: [
        ("[]", ":4:12: job.anchors: expected own, a path, or a list of them, 1 to 16; found 0"),
        ("[own, a.jsonl, own]", ":4:27: job.anchors: expected each of them once, found \"own\" again"),
        ("[a.jsonl, ./a.jsonl]", ":4:22: job.anchors: expected each of them once, found \"./a.jsonl\" again"),
        ("[own, [a.jsonl]]", ":4:18: job.anchors: expected own, a path, or a list of them, found a list"),
        ("[own, {a: b}]", ":4:18: job.anchors: expected own, a path, or a list of them, found a section"),
        ("[own, '']", ":4:18: job.anchors: expected own, a path, or a list of them, found \"\""),
        ("[own, a$]", ":4:18: job.anchors: expected $NAME or ${NAME}, a variable of the environment"),
    ])
    func aListThatIsNoneIsReportedAtItsPlace(_ anchors: String, _ problem: String) throws {
        let problems = try ConfigurationFixtures.problems(yaml(anchors))
        #expect(problems.count == 1 && problems[0].hasPrefix(problem), "\(problems)")
    }

    @Test func filesAreNoMoreThanAJobHasStepsFor() throws {
        let files = (1...16).map { "\($0).jsonl" }
        #expect(try sources("[\(files.joined(separator: ", "))]").count == 16)
        #expect(
            try ConfigurationFixtures.problems(yaml("[own, \(files.joined(separator: ", "))]"))
                == [":4:12: job.anchors: expected own, a path, or a list of them, 1 to 16; found 17"])
    }

    /// By whatever name.
    @Test func theSameFileTwiceIsReported() throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "legend-sources-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data().write(to: folder.appending(path: "a.jsonl"))
        let link = folder.appending(path: "b.jsonl").path
        try FileManager.default.createSymbolicLink(
            atPath: link, withDestinationPath: folder.appending(path: "a.jsonl").path)
        let problems = try ConfigurationFixtures.problems(yaml("[\(folder.path)/a.jsonl, \(link)]"))
        #expect(problems.count == 1 && problems[0].hasSuffix("expected each of them once, found \"\(link)\" again"))
    }

    @Test func noneOfThemIsWrittenOver() throws {
        #expect(
            try ConfigurationFixtures.problems(yaml("[own, a.jsonl, out/safe.jsonl.gz]"))
                == [": job.output (/jobs/today/out/safe.jsonl.gz) is the same as job.anchors"])
    }

    @Test func severalSourcesNeedASurvey() throws {
        let place = "embedding: {layer: 3, token: mean}\n"
        #expect(try ConfigurationFixtures.read(yaml("[a.jsonl, b.jsonl]", place)).surveys)
        for (more, name) in [
            ("compat: legend", "compat: legend"), ("layer: 3, token: last, keep_embeddings: true", "keep_"),
        ] {
            let problems = try ConfigurationFixtures.problems(yaml("[a.jsonl, b.jsonl]", "embedding: {\(more)}\n"))
            #expect(
                problems.count == 1 && problems[0].contains("embedding.\(name)")
                    && problems[0].contains("one file of anchors without anchors.kind or a saved direction"),
                "\(problems)")
        }
    }

    @Test func anEnsembleIsOfSeveralSources() throws {
        let ensemble = "direction: {estimator: ensemble}\n"
        #expect(try ConfigurationFixtures.read(yaml("[own, a.jsonl]", ensemble)).direction.estimator == .ensemble)
        let problem =
            ": direction.estimator: ensemble needs two or more sources in job.anchors, such as [own, anchors.jsonl], "
            + "or kinds of anchors (anchors.kind); "
        #expect(try ConfigurationFixtures.problems(yaml("a.jsonl", ensemble)) == [problem + "found one"])
        let saved = yaml("a.jsonl", ensemble).replacing("anchors: a.jsonl", with: "direction: d.safetensors")
        #expect(try ConfigurationFixtures.problems(saved) == [problem + "found a saved direction"])
    }

    @Test func kindsAreThoseOfAFile() throws {
        let kinds = "anchors: {kind: sort}\n"
        let configuration = try ConfigurationFixtures.read(
            yaml("a.jsonl", kinds + "direction: {estimator: ensemble}\n"))
        #expect(configuration.anchors.kind == "sort" && configuration.needsSurvey)
        let problem = ": anchors.kind needs a file in job.anchors, whose column it is; found none"
        #expect(try ConfigurationFixtures.problems(yaml("own", kinds)) == [problem])
    }

    @Test func groupsOfRowsAreOfTheirOwnLabels() throws {
        let by = "direction: {by: area}\n"
        #expect(try ConfigurationFixtures.read(yaml("own", by)).direction.by == "area")
        let problem =
            ": direction.by needs directions of the rows' own labels: job.anchors: own alone, or none, without "
            + "embedding.compat: legend and keep_embeddings"
        for sources in ["a.jsonl", "[own, a.jsonl]"] {
            #expect(try ConfigurationFixtures.problems(yaml(sources, by)) == [problem])
        }
        let saved = yaml("own", by).replacing("anchors: own", with: "direction: d.safetensors")
        #expect(try ConfigurationFixtures.problems(saved) == [problem])
    }

    @Test func refusalsVaryUnlessOneIsGiven() throws {
        #expect(try ConfigurationFixtures.read(yaml("own")).anchors.refusal == nil)
        #expect(try ConfigurationFixtures.read(yaml("own", "anchors: {refusal: 'No.'}\n")).anchors.refusal == "No.")
    }
}
