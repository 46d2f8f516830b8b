import Coordinator
import Protocol
import Scheduling
import Testing

@Suite struct JobStepsTests {
    private func opened(_ steps: [Pipeline.Step]) -> [StepID] { steps.map(\.id) }

    @Test func rowsAreOpenFromTheBeginningThoughTheyWaitForTheDirection() {
        var pipeline = Pipeline.annotation(
            fittedOn: [.anchors], hasDirection: false, choosesReadouts: false)
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
            fittedOn: [.anchors], hasDirection: false, choosesReadouts: true)
        #expect(opened(pipeline.begin()) == [.anchors])
        #expect(opened(pipeline.readingSteps) == [.anchors, .rows])
        #expect(opened(pipeline.complete(.anchors)) == [.fit])
        #expect(opened(pipeline.complete(.fit)) == [.rows])
    }

    @Test func everyFileOfAnchorsIsAStepAndTheFitWaitsForAll() {
        let files = (0..<3).map { WorkStep.anchors($0, ofPairs: $0 != 1) }
        #expect(files.map(\.name) == ["anchors", "anchors 2", "anchors 3"])
        #expect(files.map { $0.responses?.count } == [2, nil, 2] && files[0] == .anchors)
        let ids = files.map(\.id)
        #expect(Set(ids).count == 3 && ids[0] == .anchors)
        var pipeline = Pipeline.annotation(
            fittedOn: files + [.survey], hasDirection: false, choosesReadouts: true)
        #expect(opened(pipeline.begin()) == ids + [.survey])
        #expect(opened(pipeline.readingSteps) == ids + [.survey, .rows])
        #expect(pipeline.current?.id == .anchors)
        for id in [.survey, ids[2], ids[0]] { #expect(opened(pipeline.complete(id)).isEmpty) }
        #expect(opened(pipeline.complete(ids[1])) == [.fit])
        #expect(opened(pipeline.complete(.fit)) == [.rows])
    }

    @Test func anEarlierRunsDirectionIsNotFittedAgain() {
        var pipeline = Pipeline.annotation(
            fittedOn: [.anchors], hasDirection: true, choosesReadouts: false)
        #expect(opened(pipeline.begin()) == [.rows])
        #expect(opened(pipeline.readingSteps) == [.rows])
        #expect(opened(pipeline.complete(.rows)) == [.output])
    }

    @Test func aSavedDirectionNeedsNoAnchors() {
        var pipeline = Pipeline.annotation(
            fittedOn: [], hasDirection: false, choosesReadouts: false)
        #expect(opened(pipeline.begin()) == [.rows])
        #expect(pipeline[.anchors] == nil && pipeline[.rows]?.barrier == nil)
    }
}
