import Foundation
import TestEnvironment
import Testing

/// The command as somebody uses it.
@Suite(.hangLimit)
struct ExportTests {
    private let folder: JobFolder

    init() throws {
        folder = try JobFolder()
        try folder.write(Self.row + "\n" + Self.row + "\n", to: "a.jsonl")
    }

    private static let row =
        #"{"prompt": "q", "chosen": "good", "rejected": "bad", "margin": -1.5, "score_chosen": 1.0, "score_rejected": 2.5}"#

    private func run(_ arguments: [String]) async throws -> (status: Int32, output: String, errors: String) {
        let program = try RunningProgram(Programs.coordinator, ["export"] + arguments)
        let exit = await program.exit()
        return (exit.status, program.output, program.errors)
    }

    private func text(_ name: String) throws -> String {
        try String(contentsOfFile: folder.path(name), encoding: .utf8)
    }

    private func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: folder.path(name)) }

    @Test func rowsAreWrittenBesideTheFileAndAgain() async throws {
        for _ in 0..<2 {
            let (status, output, errors) = try await run([folder.path("a.jsonl"), "--to", "trl", "--quiet"])
            #expect(status == 0 && errors.isEmpty, "\(errors)")
            #expect(output.contains("2 of 2 rows exported for trl\nread as: preference\n"))
            #expect(output.contains("below 0: 2 margins, which are as they were (--negative drop, flip or clip)"))
        }
        #expect(exists("a.trl.jsonl") && !exists("a.trl.errors.jsonl"))
    }

    @Test func aFileThatSomebodyHasIsNotLost() async throws {
        try folder.write("mine", to: "mine.jsonl")
        let arguments = [folder.path("a.jsonl"), "--to", "openrlhf", "--output", folder.path("mine.jsonl")]
        let refused = try await run(arguments)
        #expect(refused.status == 2 && refused.errors.contains("mine.jsonl: there is a file already: --overwrite"))
        #expect(try text("mine.jsonl") == "mine")
        // Nor one that stands where the errors would, or have been.
        let beside = try await run([
            folder.path("a.jsonl"), "--to", "openrlhf", "--output", folder.path("other.jsonl"), "--overwrite",
        ])
        #expect(beside.status == 0)
        try folder.write("mine", to: "third.errors.jsonl")
        let errors = try await run([folder.path("a.jsonl"), "--to", "trl", "--output", folder.path("third.jsonl")])
        #expect(errors.status == 2 && errors.errors.contains("third.errors.jsonl: there is a file already"))
        #expect(try await run(arguments + ["--overwrite"]).status == 0)
        #expect(try text("mine.jsonl").hasPrefix(#"{"chosen": [{"role": "user""#))
    }

    @Test func rowsThatCannotBeExportedSaySo() async throws {
        try folder.write(Self.row + "\nno json\n", to: "bad.jsonl")
        let (status, output, _) = try await run([folder.path("bad.jsonl"), "--to", "ms-swift"])
        #expect(
            status == 3 && output.contains("1 of 2 rows exported for ms-swift, 1 cannot be: the errors file says why"))
        #expect(exists("bad.ms-swift.errors.jsonl"))
    }

    @Test(
        arguments: [
            (["a.jsonl", "--to", "word"], "The value 'word' is invalid"),
            (["none.jsonl", "--to", "trl"], "none.jsonl: no such file"),
            (["none.yaml", "--to", "trl"], "none.yaml"),
            (["a.jsonl", "--to", "odpo"], "none of its 2 rows can be exported; of the first one: the margin is -1.5"),
            (["a.jsonl", "--to", "odpo", "--negative", "keep"], "--negative: expected drop or flip, found keep"),
            (["a.jsonl", "--to", "trl", "--keep", "messages"], "reads a column \"messages\" as its own"),
            (["a.jsonl", "--to", "trl", "--keep", "kind"], "no row has the column \"kind\""),
            (["a.jsonl", "--to", "ms-swift", "--keep", "kind"], "--keep: ms-swift reads columns that it knows"),
            (["a.jsonl", "--to", "trl", "--negative", "flip", "--keep", "p_safer"], "as it was before --negative"),
            (
                ["a.jsonl", "--to", "trl", "--template", "alpca"],
                "--template: expected transcript, alpaca, chatml, plain or"
            ),
            (["a.jsonl", "--to", "openrlhf", "--template", "plain"], "--template is of texts"),
            (
                ["a.jsonl", "--to", "openrlhf", "--output", "b.jsonl.gz"],
                "expected a name that ends with .jsonl or .json"
            ),
            (["a.jsonl", "--to", "trl", "--output", "b.jsonl.GZ"], "expected a name that ends with .jsonl"),
            (["a.jsonl", "--to", "trl", "--set", "job.name=x"], "--set needs a configuration file"),
            (["a.jsonl", "--to", "trl", "--length", "1"], "--length is of control vectors"),
            (["a.jsonl", "--to", "control-vector", "--length", "0"], "--length: expected a number above 0, found 0.0"),
            (["a.jsonl", "--to", "control-vector"], "a.direction.safetensors: cannot read the direction"),
            (["A.SAFETENSORS", "--to", "trl"], "expected an annotated file or a configuration, found"),
        ] as [([String], String)])
    func whatCannotBeSaysSo(_ arguments: [String], _ message: String) async throws {
        let source = folder.path(arguments[0])
        let paths = arguments.dropFirst().map { $0.hasPrefix("b.") ? folder.path($0) : $0 }
        let (status, _, errors) = try await run([source] + paths)
        #expect(status == 2, "\(status)")
        #expect(errors.contains(message), "\(errors)")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.path(".")).allSatisfy { !$0.contains("partial") }
        )
    }

    @Test func filesThatAreNoneOfRowsSaySo() async throws {
        try folder.write("prompt,chosen,rejected\nq,good,bad\n", to: "a.csv")
        try folder.write("\u{1F}\u{8B}damaged", to: "b.jsonl.gz")
        try FileManager.default.createDirectory(atPath: folder.path("c.jsonl"), withIntermediateDirectories: false)
        for name in ["a.csv", "b.jsonl.gz", "c.jsonl"] {
            let (status, _, errors) = try await run([folder.path(name), "--to", "trl"])
            #expect(status == 2 && errors.contains(name), "\(name): \(status) \(errors)")
        }
    }
}
