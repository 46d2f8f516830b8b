internal import Diagnostics
internal import JobConfiguration
internal import Protocol

extension JobDefinition {
    /// The job's only file of anchors, where it has one.
    var anchors: AnchorFile? { anchorFiles.count == 1 ? anchorFiles[0] : nil }

    /// What the direction is fitted on; nothing where a saved one is given.
    var fitSteps: [WorkStep] { anchorFiles.map(\.step) + (configuration.surveys ? [.survey] : []) }

    /// All that read files, in their order.
    var workSteps: [WorkStep] { fitSteps + [.rows] }

    /// What a step reads; nil for one that is none of `workSteps`.
    func input(of step: WorkStep) -> StepInput? {
        if let file = anchorFiles.first(where: { $0.step == step }) {
            return StepInput(
                step: step, path: file.path, options: file.options, part: .all, template: template,
                compatibility: compatibility, refusals: file.refusals)
        }
        let surveys = configuration.surveys
        let part: StepInput.Part
        switch step {
        case .survey where surveys:
            part = .sample(rows: configuration.direction.surveyRows, unlike: anchorFiles.map(\.step.id))
        case .rows: part = surveys ? .rest(without: .survey) : .all
        default: return nil
        }
        return StepInput(
            step: step, path: configuration.job.input, options: inputOptions, part: part, template: template,
            compatibility: compatibility)
    }

    /// What a file is called where sources are compared: its name, or its path where that is not clear.
    func name(of file: AnchorFile) -> String {
        let isClear =
            file.name != JobConfiguration.Configuration.AnchorSource.ownName
            && anchorFiles.count { $0.name == file.name } == 1
        return isClear ? file.name : file.path
    }

    func name(of kind: AnchorFile.Kind, in file: AnchorFile) -> String { "\(name(of: file)) (\(kind.name.excerpt()))" }

    /// SHA-256 of what a direction is fitted on, in the order of the configuration.
    ///
    /// - Parameter own: what stands for the rows.
    static func digests(
        of source: JobConfiguration.Configuration.DirectionSource, _ files: [AnchorFile], own: String
    ) -> [String] {
        var digests = files.map(\.digest)[...]
        return source.anchors.map { $0 == .own ? own : digests.removeFirst() }
    }
}
