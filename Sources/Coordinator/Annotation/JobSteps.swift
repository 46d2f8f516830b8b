package import Protocol
package import Scheduling

// The steps of a job that annotates rows.

extension StepID {
    /// Of the first file of anchors; those of further files follow (`anchors(_:)`).
    package static let anchors = StepID(1)
    package static let survey = StepID(101)
    package static let fit = StepID(102)
    package static let rows = StepID(103)
    package static let output = StepID(104)

    /// - Parameter file: 0 for the job's first file of anchors; below 100.
    package static func anchors(_ file: Int) -> StepID {
        precondition((0..<Int(survey.rawValue - anchors.rawValue)).contains(file), "more files of anchors than steps")
        return StepID(anchors.rawValue + UInt8(file))
    }
}

extension WorkStep {
    /// Embeds the anchors, where the job has one file of pairs.
    package static let anchors = anchors(0, ofPairs: true)

    /// Embeds a file of anchors: `anchors`, `anchors 2`, …
    ///
    /// - Parameters:
    ///   - file: 0 for the job's first one.
    ///   - ofPairs: whether each of them has one harmless response. If not, the harmful one is the last of its responses.
    package static func anchors(_ file: Int, ofPairs: Bool) -> WorkStep {
        WorkStep(
            id: .anchors(file), name: file == 0 ? "anchors" : "anchors \(file + 1)", work: .embed,
            responses: ofPairs ? ["harmless", "harmful"] : nil)
    }

    /// Embeds some of the preference rows to all that the fit chooses from. They are not embedded again.
    package static let survey = WorkStep(
        id: .survey, name: "survey", work: .embed, responses: ["chosen", "rejected"])

    /// Embeds the preference rows, or those that the survey left, and projects them on the direction.
    package static let rows = WorkStep(id: .rows, name: "rows", work: .project, responses: ["chosen", "rejected"])
}

extension Pipeline {
    /// - Parameters:
    ///   - fitted: what the direction is fitted on; nothing where a saved one is given.
    ///   - hasDirection: whether an earlier run fitted it.
    ///   - choosesReadouts: whether the fit decides what rows are embedded to, so that none is before.
    package static func annotation(
        fittedOn fitted: [WorkStep], hasDirection: Bool, choosesReadouts: Bool
    ) -> Pipeline {
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
