import Coordinator
import Protocol
import Scheduling
import Testing

@Suite struct JobStepsTests {
    private func opened(_ steps: [Pipeline.Step]) -> [StepID] { steps.map(\.id) }

    @Test func rowsAreOpenFromTheBeginningThoughTheyWaitForTheDirection() {
        var pipeline = Pipeline.annotation(
            fittedOn: .init(anchors: true, survey: false), hasDirection: false, choosesReadouts: false)
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

    @Test func rowsOfWhichNobodyKnowsWhatTheyAreEmbeddedToWaitForTheDirection() {
        var pipeline = Pipeline.annotation(
            fittedOn: .init(anchors: true, survey: false), hasDirection: false, choosesReadouts: true)
        #expect(opened(pipeline.begin()) == [.anchors])
        #expect(opened(pipeline.readingSteps) == [.anchors, .rows])
        #expect(opened(pipeline.complete(.anchors)) == [.fit])
        #expect(opened(pipeline.complete(.fit)) == [.rows])
    }

    @Test func anEarlierRunsDirectionIsNotFittedAgain() {
        var pipeline = Pipeline.annotation(
            fittedOn: .init(anchors: true, survey: false), hasDirection: true, choosesReadouts: false)
        #expect(opened(pipeline.begin()) == [.rows])
        #expect(opened(pipeline.readingSteps) == [.rows])
        #expect(opened(pipeline.complete(.rows)) == [.output])
    }

    @Test func aSavedDirectionNeedsNoAnchors() {
        var pipeline = Pipeline.annotation(
            fittedOn: .init(anchors: false, survey: false), hasDirection: false, choosesReadouts: false)
        #expect(opened(pipeline.begin()) == [.rows])
        #expect(pipeline[.anchors] == nil && pipeline[.rows]?.barrier == nil)
    }
}
