package import Protocol
package import Scheduling

// The steps of a job that annotates rows.

extension StepID {
    package static let anchors = StepID(1)
    package static let fit = StepID(2)
    package static let rows = StepID(3)
    package static let output = StepID(4)
}

extension WorkStep {
    /// Embeds the anchors.
    package static let anchors = WorkStep(
        id: .anchors, name: "anchors", work: .embed, responses: ["harmless", "harmful"])

    /// Embeds the preference rows and projects them on the direction.
    package static let rows = WorkStep(id: .rows, name: "rows", work: .project, responses: ["chosen", "rejected"])

    /// All that read files.
    package static let all = [anchors, rows]
}

extension Pipeline {
    /// - Parameters:
    ///   - fitsDirection: false where a saved direction is given.
    ///   - hasDirection: whether an earlier run fitted it.
    ///   - choosesReadouts: whether the fit decides what rows are embedded to, so that none is before.
    package static func annotation(fitsDirection: Bool, hasDirection: Bool, choosesReadouts: Bool) -> Pipeline {
        let fit: [Step] = [
            Step(.anchors),
            Step(id: .fit, name: "direction", work: .local(.fitDirection), input: .output(of: .anchors)),
        ]
        let annotate: [Step] = [
            Step(.rows, barrier: fitsDirection ? .fit : nil, beginsAhead: !choosesReadouts),
            Step(id: .output, name: "output", work: .local(.writeOutput), input: .output(of: .rows)),
        ]
        return Pipeline((fitsDirection ? fit : []) + annotate, completed: hasDirection ? [.anchors, .fit] : [])
    }
}

extension Pipeline.Step {
    fileprivate init(_ step: WorkStep, barrier: StepID? = nil, beginsAhead: Bool = true) {
        self.init(
            id: step.id, name: step.name, work: .units(step.work, responses: step.responses), input: .file,
            barrier: barrier, beginsAhead: beginsAhead)
    }
}
