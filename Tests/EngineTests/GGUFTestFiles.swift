import Foundation

/// Files that are not part of the package.
enum TestFiles {
    private static let packageRoot = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// SmolLM2-135M-Instruct, whose tokenizer and hidden states are known.
    static let model = packageRoot.appending(path: "models/SmolLM2-135M-Instruct.Q4_1.gguf").path

    /// A path in the folder of reference data beside the package.
    static func shared(_ path: String) -> String {
        packageRoot.deletingLastPathComponent().appending(path: "shared/\(path)").path
    }

    static let hasModel = isUsable(model)
    static let hasReference = isUsable(shared("reference/smollm2/texts.json"))

    /// Whether a test that needs `path` is to run; prints that it is skipped if not.
    ///
    /// On CI the model has to be there: tests that need it run without it, and fail.
    static func isUsable(_ path: String) -> Bool {
        if FileManager.default.fileExists(atPath: path) { return true }
        if path == model, ProcessInfo.processInfo.environment["CI"] != nil { return true }
        print("skipping tests that need \(path), which is not there")
        return false
    }
}
