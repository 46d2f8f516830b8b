/// Identifies a step within its job: 1 for the first one of the job's pipeline, and stable over restarts.
package struct StepID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: UInt8

    package init(_ rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "step \(rawValue)" }
}

/// What a unit asks a worker to do with its texts.
package enum WorkKind: UInt8, Hashable, Sendable {
    /// Embeds them; their hidden states come back.
    case embed = 1

    /// Embeds them and projects the hidden states on the job's scorer; scores come back.
    case project = 2

    /// Whether a unit cannot be finished without the job's scorer. It can be embedded before that is there.
    package var needsScorer: Bool { self == .project }

    /// The type of the results' values.
    package var elementType: Tensor.ElementType {
        switch self {
        case .embed: .f32
        case .project: .f64
        }
    }
}

/// A step whose units the workers compute, as far as units, results and what is stored of them depend on it.
package struct WorkStep: Hashable, Sendable {
    package var id: StepID

    /// In names of files, in the log and the status: `anchors`, `rows`.
    package var name: String
    package var work: WorkKind

    /// What each row's responses are called, in their order; nil where each row has as many as it has.
    package var responses: [String]?

    package init(id: StepID, name: String, work: WorkKind, responses: [String]?) {
        self.id = id
        self.name = name
        self.work = work
        self.responses = responses
    }
}
