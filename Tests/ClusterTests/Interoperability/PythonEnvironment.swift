import Foundation

/// The Python environment that `make test` makes, with Hugging Face's `datasets`.
enum PythonEnvironment {
    private static let interpreter = Programs.pythonEnvironment + "/bin/python"

    /// A file to load, and what to tell of it.
    struct Request: Encodable {
        var path: String
        /// Negative ones count from the end.
        var rows: [Int] = []
        var columns: [String] = []
    }

    struct Table: Decodable {
        var error: String?
        var count: Int?
        /// By the columns' names.
        var types: [String: String]?
        var columns: Set<String> { Set(types.map { Array($0.keys) } ?? []) }
        /// As JSON text: of each row that was asked for, the columns that were asked for.
        var cells: [[String]]?
    }

    /// Loads files with `datasets.load_dataset("json")`, in one process that reaches no network.
    ///
    /// - Parameter folder: for the request and the library's caches.
    static func load(_ requests: [Request], in folder: JobFolder) async throws -> [Table] {
        let request = folder.path("request.json")
        try JSONEncoder().encode(requests).write(to: URL(filePath: request))
        let output = try await run("load_outputs.py", [request], caches: folder.path("caches"))
        return try JSONDecoder().decode([Table].self, from: output)
    }

    /// What a script of Tests/Python prints, in a process that reaches no network.
    ///
    /// - Parameter caches: a folder for the library's caches.
    static func run(_ script: String, _ arguments: [String], caches: String) async throws -> Data {
        let program = try RunningProgram(
            interpreter, ["\(Programs.python)/\(script)"] + arguments,
            environment: [
                "HF_HUB_OFFLINE": "1", "HF_HOME": caches, "HF_DATASETS_CACHE": caches + "/datasets",
                "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            ])
        guard await program.exit() == .init(status: 0, isSignal: false) else {
            throw PythonError(description: program.errors)
        }
        return Data(program.output.utf8)
    }

    private struct PythonError: Error, CustomStringConvertible { let description: String }
}
