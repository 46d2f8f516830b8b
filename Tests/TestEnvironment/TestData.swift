internal import Foundation
package import Testing

/// What tests need and the package does not contain.
///
/// On a developer's machine a test without its data is skipped, and says so. On CI it fails.
package struct TestData: Sendable {
    private static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    private static let isOnCI = isOnCI(ProcessInfo.processInfo.environment["CI"])

    /// - Parameter variable: `CI`, which services set to true, to 1, or to a name of theirs.
    static func isOnCI(_ variable: String?) -> Bool {
        switch variable {
        case nil, "", "0", "false": false
        default: true
        }
    }

    package let path: String

    /// Where it comes from.
    private let origin: String

    private init(_ url: URL, origin: String) {
        path = url.standardizedFileURL.path
        self.origin = origin
    }

    /// SmolLM2-135M-Instruct, whose tokenizer and hidden states are known.
    package static let model = TestData(
        packageRoot.appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf"), origin: "make model")

    /// What Hugging Face's `datasets` was installed from in the Python environment of the tests.
    package static let datasets = TestData(
        packageRoot.appending(path: "Tests/.venv/installed"),
        origin: "make test makes it where pip reaches a registry")

    /// A path in the folder of reference data beside the package.
    package static func shared(_ path: String) -> TestData {
        TestData(
            packageRoot.deletingLastPathComponent().appending(path: "shared/\(path)"),
            origin: "reference data that lies beside the package")
    }

    fileprivate var isThere: Bool { FileManager.default.fileExists(atPath: path) }

    fileprivate func check() throws -> Bool {
        if isThere { return true }
        guard Self.isOnCI else { return false }
        throw Missing(
            description: "\(path) is not there, and the variable CI is set: tests must not be skipped (\(origin))")
    }

    private struct Missing: Error, CustomStringConvertible { let description: String }

    fileprivate var comment: Comment { "needs \(path), which is not there (\(origin))" }
}

extension Trait where Self == ConditionTrait {
    /// For tests that cannot run without data.
    package static func needs(_ data: TestData...) -> Self { needs(data) }

    package static func needs(_ data: [TestData]) -> Self {
        .enabled(data.first { !$0.isThere }?.comment) { try data.allSatisfy { try $0.check() } }
    }
}
