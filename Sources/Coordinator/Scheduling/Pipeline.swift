package import Protocol

/// A job as an ordered list of steps, and how far it has come with them: says which one may begin. A pure state machine.
package struct Pipeline: Sendable {
    package struct Step: Hashable, Sendable {
        package enum Work: Hashable, Sendable {
            /// Of the workers, in units; what each row's responses are called, or nil where rows have any number of them.
            case units(WorkKind, responses: [String]?)

            /// Of the coordinator alone.
            case local(LocalWork)
        }

        package enum Input: Hashable, Sendable {
            case file

            /// What earlier steps left.
            case output(of: [StepID])
        }

        package var id: StepID
        package var name: String
        package var work: Work
        package var input: Input

        /// The earlier step that makes the scorer without which this one cannot be completed.
        package var barrier: StepID?

        /// Whether workers may begin with its units before the scorer is there.
        package var beginsAhead: Bool

        package init(
            id: StepID, name: String, work: Work, input: Input, barrier: StepID? = nil, beginsAhead: Bool = true
        ) {
            self.id = id
            self.name = name
            self.work = work
            self.input = input
            self.barrier = barrier
            self.beginsAhead = beginsAhead
        }

        /// nil for a step of the coordinator's own.
        package var workStep: WorkStep? {
            guard case .units(let work, let responses) = work else { return nil }
            return WorkStep(id: id, name: name, work: work, responses: responses)
        }
    }

    /// What the coordinator does by itself.
    package enum LocalWork: Hashable, Sendable {
        /// Fits the direction on the states of the steps before it.
        case fitDirection

        /// Trains and tests reward heads on the states of the steps before it.
        case trainHeads

        /// Joins the input with what came of the steps before it, and writes both files.
        case writeOutput
    }

    private enum State: Hashable, Sendable {
        /// Its input, or for local work its barrier, is not there. Next: open.
        case waiting

        /// Next: complete.
        case open
        case complete
    }

    /// In the order in which they are begun.
    package let steps: [Step]
    private var states: [StepID: State]

    /// - Parameters:
    ///   - steps: ascending by id, each of which needs earlier ones alone.
    ///   - completed: what an earlier run of the job has completed.
    package init(_ steps: [Step], completed: Set<StepID> = []) {
        precondition(zip(steps, steps.dropFirst()).allSatisfy { $0.id < $1.id }, "steps out of order")
        for step in steps {
            precondition(step.needs.allSatisfy { $0 < step.id }, "\(step.name) needs a later step")
            precondition(
                step.needs.allSatisfy { need in steps.contains { $0.id == need } }, "\(step.name) needs no step")
        }
        self.steps = steps
        states = Dictionary(
            uniqueKeysWithValues: steps.map { ($0.id, completed.contains($0.id) ? .complete : .waiting) })
    }

    /// What workers make of files, each at once, and what the coordinator makes of all that.
    package init(_ workSteps: [WorkStep], then work: LocalWork, named name: String, id: StepID) {
        self.init(
            workSteps.map { step in
                Step(id: step.id, name: step.name, work: .units(step.work, responses: step.responses), input: .file)
            } + [Step(id: id, name: name, work: .local(work), input: .output(of: workSteps.map(\.id)))])
    }

    /// The steps that may begin at once.
    package mutating func begin() -> [Step] { open() }

    /// The steps that may begin now that this one is complete.
    package mutating func complete(_ id: StepID) -> [Step] {
        precondition(states[id] == .open, "\(id) is complete and was not open")
        states[id] = .complete
        return open()
    }

    private mutating func open() -> [Step] {
        let opened = steps.filter { states[$0.id] == .waiting && mayOpen($0) }
        for step in opened { states[step.id] = .open }
        return opened
    }

    private func mayOpen(_ step: Step) -> Bool {
        // What stands before the barrier is computed ahead of it.
        let needs = step.workStep != nil && step.beginsAhead ? step.input.needs : step.needs
        return needs.allSatisfy { states[$0] == .complete }
    }

    /// The first open step: what a person who watches is shown. nil before the beginning and at the end.
    package var current: Step? { steps.first { states[$0.id] == .open } }

    package var isComplete: Bool { states.values.allSatisfy { $0 == .complete } }

    package subscript(id: StepID) -> Step? { steps.first { $0.id == id } }

    /// The steps that read a file and are not complete, in order.
    package var readingSteps: [Step] { steps.filter { $0.input == .file && states[$0.id] != .complete } }
}

extension Pipeline.Step {
    fileprivate var needs: [StepID] { input.needs + [barrier].compactMap(\.self) }
}

extension Pipeline.Step.Input {
    fileprivate var needs: [StepID] {
        switch self {
        case .file: []
        case .output(let steps): steps
        }
    }
}
