import Foundation

/// What a job gives when nobody disturbs it: computed once for all tests.
struct UndisturbedRun: Sendable {
    /// `JobFolder.configure()`.
    static let standard = UndisturbedRun(embedding: JobFolder.lastToken)

    /// The same job on the model's first blocks: where processes are killed faster than they would compute the others.
    static let shallow = UndisturbedRun(embedding: "{layer: 5, token: last}")

    /// The job's setting.
    let embedding: String
    private let run: Task<(output: Data, results: [LedgerView.Result]), any Error>

    private init(embedding: String) {
        self.embedding = embedding
        run = Task {
            let folder = try JobFolder()
            try folder.configure(embedding: embedding)
            let (program, exit) = try await folder.run()
            guard exit.status == 0 else { throw ChaosError("the undisturbed run failed: \(program.errors)") }
            return (try folder.output, try LedgerView(folder: folder.path("out.state")).results())
        }
    }

    var output: Data { get async throws { try await run.value.output } }

    /// In the order of the units.
    var results: [LedgerView.Result] { get async throws { try await run.value.results } }
}
