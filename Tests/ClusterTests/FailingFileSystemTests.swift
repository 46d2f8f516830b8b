import Coordinator
import Foundation
import TestEnvironment
import Testing

/// The real coordinator over a state folder whose file system cannot do something, which a preloaded library plays.
@Suite(.hangLimit)
struct FailingFileSystemTests {
    private static let source = URL(filePath: #filePath).deletingLastPathComponent()
        .appending(path: "FailingFileSystem/failing_file_system.c").path

    /// Runs a job without workers whose state folder fails so, for as long as it takes to say something.
    private func run(_ failure: String, embeddings: Bool = false) async throws -> (status: Int32, errors: String) {
        let folder = try JobFolder()
        try folder.configure(
            embedding: embeddings ? "{layer: -1, token: last, keep_embeddings: true}" : JobFolder.lastToken)
        let library = folder.path("failing.so")
        let compiler = Process()
        compiler.executableURL = URL(filePath: "/usr/bin/env")
        compiler.arguments = ["cc", "-shared", "-fPIC", "-o", library, Self.source, "-ldl"]
        try compiler.run()
        compiler.waitUntilExit()
        try #require(compiler.terminationStatus == 0, "cc cannot compile \(Self.source)")
        let program = try RunningProgram(
            Programs.coordinator, ["run", folder.configuration, "--local-workers", "0"],
            environment: [
                "LD_PRELOAD": library, "LEGEND_TEST_FAILURE": failure,
                "LEGEND_TEST_FOLDER": embeddings ? "out.embeddings" : "out.state",
            ])
        let exit = await program.exit()
        #expect(!exit.isSignal, "\(program.errors)")
        return (exit.status, program.errors)
    }

    @Test(arguments: ["flock-ENOLCK", "flock-EOPNOTSUPP", "flock-EINVAL", "fcntl-ENOLCK", "fcntl-EOPNOTSUPP"])
    func aFileSystemWithoutLocksIsNamedAsThat(_ failure: String) async throws {
        let (status, errors) = try await run(failure)
        #expect(errors.contains("out.state: this file system cannot lock files ("), "\(errors)")
        #expect(errors.contains("put job.state on a local disk"), "\(errors)")
        #expect(!errors.contains("another legend-coordinator") && !errors.contains("disk is full"), "\(errors)")
        #expect(status == 1)
    }

    @Test(arguments: ["mmap-ENODEV", "mmap-EINVAL"])
    func aFileSystemWithoutSharedMapsIsNamedAsThat(_ failure: String) async throws {
        let (status, errors) = try await run(failure)
        #expect(errors.contains("out.state: this file system cannot share memory maps of files ("), "\(errors)")
        #expect(errors.contains("put job.state on a local disk"), "\(errors)")
        #expect(!errors.contains("another legend-coordinator") && !errors.contains("disk is full"), "\(errors)")
        #expect(status == 1)
    }

    @Test(arguments: [
        ("write-ENOSPC", "the disk is full (No space left on device)"), ("open-ENOSPC", "the disk is full"),
        ("write-EDQUOT", "your quota on this disk is used up"), ("open-EROFS", "this file system is read-only"),
        ("write-EIO", "the file system fails to write a file (Input/output error)"),
        ("sync-EIO", "the file system fails to sync a file (Input/output error)"),
        ("flock-EWOULDBLOCK", "another legend-coordinator runs this job: it holds "),
    ])
    func everyOtherFailureIsNamedAsWhatItIsAndMayPass(_ failure: String, _ words: String) async throws {
        let (status, errors) = try await run(failure)
        #expect(errors.contains(words), "\(errors)")
        #expect(errors.contains("another legend-coordinator") == (failure == "flock-EWOULDBLOCK"), "\(errors)")
        #expect(errors.contains("disk is full") == failure.hasSuffix("ENOSPC"), "\(errors)")
        #expect(status == 1)
    }

    /// Of the embeddings' folder too: whoever supervises the coordinator starts it again.
    @Test(arguments: ["write-ENOSPC", "write-EIO", "open-EDQUOT"])
    func aDiskThatFailsUnderTheEmbeddingsIsNoMistakeOfTheUser(_ failure: String) async throws {
        let (status, errors) = try await run(failure, embeddings: true)
        #expect(errors.contains("out.embeddings"), "\(errors)")
        #expect(status == 1, "\(errors)")
    }
}
