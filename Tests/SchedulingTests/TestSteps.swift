import Protocol

// The scheduler knows no step by name: these are as good as any.

extension StepID {
    static let anchors = StepID(1)
    static let rows = StepID(5)
}

extension WorkStep {
    static let anchors = WorkStep(id: .anchors, name: "a", work: .embed, responses: ["x", "y"])
    static let rows = WorkStep(id: .rows, name: "r", work: .project, responses: ["x", "y"])
}
