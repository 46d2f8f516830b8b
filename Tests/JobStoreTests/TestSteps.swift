import Protocol

// The store knows no step by name: these are as good as any.

extension StepID {
    static let anchors = StepID(1)
    static let rows = StepID(3)
}

extension WorkStep {
    static let anchors = WorkStep(id: .anchors, name: "anchors", work: .embed, responses: ["harmless", "harmful"])
    static let rows = WorkStep(id: .rows, name: "rows", work: .project, responses: ["chosen", "rejected"])
}
