import Protocol
import Scheduling
import Testing

@Suite struct PipelineTests {
    private typealias Step = Pipeline.Step

    private func opened(_ steps: [Step]) -> [StepID] { steps.map(\.id) }

    /// Generated texts that are embedded, and two local steps of which the second waits at a barrier.
    @Test func stepsFollowTheirInputsAndBarriers() {
        let generate = StepID(1)
        let embed = StepID(2)
        let fit = StepID(3)
        let write = StepID(4)
        var pipeline = Pipeline([
            Step(id: generate, name: "a", work: .units(.embed, responses: ["text"]), input: .file),
            Step(
                id: embed, name: "b", work: .units(.embed, responses: ["x", "y", "z"]), input: .output(of: [generate])),
            Step(id: fit, name: "c", work: .local(.fitDirection), input: .output(of: [generate])),
            Step(id: write, name: "d", work: .local(.writeOutput), input: .output(of: [embed]), barrier: fit),
        ])
        #expect(opened(pipeline.begin()) == [generate])
        #expect(opened(pipeline.complete(generate)) == [embed, fit])
        #expect(opened(pipeline.complete(embed)).isEmpty, "local work waits for its barrier")
        #expect(opened(pipeline.complete(fit)) == [write])
    }
}
