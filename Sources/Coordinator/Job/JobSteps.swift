package import Protocol
package import Scheduling

// The steps of a job that annotates rows.

extension StepID {
    package static let anchors = StepID(1)
    package static let survey = StepID(2)
    package static let fit = StepID(3)
    package static let rows = StepID(4)
    package static let output = StepID(5)
}

extension WorkStep {
    /// Embeds the anchors.
    package static let anchors = WorkStep(
        id: .anchors, name: "anchors", work: .embed, responses: ["harmless", "harmful"])

    /// Embeds some of the preference rows to all that the fit chooses from. They are not embedded again.
    package static let survey = WorkStep(
        id: .survey, name: "survey", work: .embed, responses: ["chosen", "rejected"])

    /// Embeds the preference rows, or those that the survey left, and projects them on the direction.
    package static let rows = WorkStep(id: .rows, name: "rows", work: .project, responses: ["chosen", "rejected"])

    /// All that read files.
    package static let all = [anchors, survey, rows]
}

extension Pipeline {
    /// What the direction of a job is fitted on.
    package struct Sources: Hashable, Sendable {
        package var anchors: Bool

        /// Whether some rows decide by their labels, and by their states.
        package var survey: Bool

        /// Neither where a saved direction is given.
        package init(anchors: Bool, survey: Bool) {
            self.anchors = anchors
            self.survey = survey
        }
    }

    /// - Parameters:
    ///   - hasDirection: whether an earlier run fitted it.
    ///   - choosesReadouts: whether the fit decides what rows are embedded to, so that none is before.
    package static func annotation(
        fittedOn sources: Sources, hasDirection: Bool, choosesReadouts: Bool
    ) -> Pipeline {
        let fitted = (sources.anchors ? [WorkStep.anchors] : []) + (sources.survey ? [.survey] : [])
        var steps = fitted.map { Step($0) }
        if !fitted.isEmpty {
            steps.append(
                Step(id: .fit, name: "direction", work: .local(.fitDirection), input: .output(of: fitted.map(\.id))))
        }
        steps.append(Step(.rows, barrier: fitted.isEmpty ? nil : .fit, beginsAhead: !choosesReadouts))
        steps.append(Step(id: .output, name: "output", work: .local(.writeOutput), input: .output(of: [.rows])))
        return Pipeline(steps, completed: hasDirection ? Set(fitted.map(\.id) + [.fit]) : [])
    }
}

extension Pipeline.Step {
    fileprivate init(_ step: WorkStep, barrier: StepID? = nil, beginsAhead: Bool = true) {
        self.init(
            id: step.id, name: step.name, work: .units(step.work, responses: step.responses), input: .file,
            barrier: barrier, beginsAhead: beginsAhead)
    }
}
