import Coordinator
import Protocol
import Testing

@Suite struct PipelineTests {
    private typealias Step = Pipeline.Step

    private func opened(_ steps: [Step]) -> [StepID] { steps.map(\.id) }

    @Test func rowsAreOpenFromTheBeginningThoughTheyWaitForTheDirection() {
        var pipeline = Pipeline.annotation(fitsDirection: true, hasDirection: false)
        #expect(opened(pipeline.begin()) == [.anchors, .rows])
        #expect(pipeline.current?.id == .anchors)
        #expect(opened(pipeline.readingSteps) == [.anchors, .rows])
        #expect(opened(pipeline.complete(.anchors)) == [.fit])
        #expect(pipeline.current?.id == .fit)
        #expect(opened(pipeline.complete(.fit)).isEmpty)
        #expect(pipeline.current?.id == .rows)
        #expect(opened(pipeline.complete(.rows)) == [.output])
        #expect(!pipeline.isComplete)
        #expect(opened(pipeline.complete(.output)).isEmpty)
        #expect(pipeline.isComplete && pipeline.current == nil)
    }

    @Test func anEarlierRunsDirectionIsNotFittedAgain() {
        var pipeline = Pipeline.annotation(fitsDirection: true, hasDirection: true)
        #expect(opened(pipeline.begin()) == [.rows])
        #expect(opened(pipeline.readingSteps) == [.rows])
        #expect(opened(pipeline.complete(.rows)) == [.output])
    }

    @Test func aSavedDirectionNeedsNoAnchors() {
        var pipeline = Pipeline.annotation(fitsDirection: false, hasDirection: true)
        #expect(opened(pipeline.begin()) == [.rows])
        #expect(pipeline[.anchors] == nil && pipeline[.rows]?.barrier == nil)
    }

    /// Generated texts that are embedded, and two local steps of which the second waits at a barrier.
    @Test func stepsFollowTheirInputsAndBarriers() {
        let generate = StepID(1)
        let embed = StepID(2)
        let fit = StepID(3)
        let write = StepID(4)
        var pipeline = Pipeline([
            Step(id: generate, name: "a", work: .units(.embed, responses: ["text"]), input: .file),
            Step(
                id: embed, name: "b", work: .units(.embed, responses: ["x", "y", "z"]), input: .output(of: generate)),
            Step(id: fit, name: "c", work: .local(.fitDirection), input: .output(of: generate)),
            Step(id: write, name: "d", work: .local(.writeOutput), input: .output(of: embed), barrier: fit),
        ])
        #expect(opened(pipeline.begin()) == [generate])
        #expect(opened(pipeline.complete(generate)) == [embed, fit])
        #expect(opened(pipeline.complete(embed)).isEmpty, "local work waits for its barrier")
        #expect(opened(pipeline.complete(fit)) == [write])
    }
}
