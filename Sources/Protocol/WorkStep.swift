/// Identifies a step within its job, and is stable over restarts: steps ascend in the order in which they are begun.
package struct StepID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package var rawValue: UInt8

    package init(_ rawValue: UInt8) {
        self.rawValue = rawValue
    }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
    package var description: String { "step \(rawValue)" }
}

/// What a unit asks a worker to do with its texts, and what comes back. Scheduler, ledger and session take any kind by what
/// it says of itself; the wire has the numbers of those below, and a worker computes these.
package struct WorkKind: Hashable, Sendable, Codable {
    /// What comes back for each text.
    package enum Values: Hashable, Sendable, Codable {
        /// Hidden states: f32 `[readouts, hidden]`.
        case states

        /// Scores by the job's scorer: f64 `[scores]`.
        case scores

        /// Generated texts: u8, of any length.
        case texts

        /// Anything else of one shape.
        case numbers(Tensor.ElementType, shape: [Int])
    }

    /// On the wire.
    package let number: UInt8
    package let values: Values

    /// Of work that generates texts.
    package let generation: GenerationSettings?

    package init(number: UInt8, values: Values) {
        self.init(number: number, values: values, generation: nil)
    }

    private init(number: UInt8, values: Values, generation: GenerationSettings?) {
        self.number = number
        self.values = values
        self.generation = generation
    }

    /// Embeds the texts; their hidden states come back.
    package static let embed = WorkKind(number: 1, values: .states)

    /// Embeds the texts and projects the hidden states on the job's scorer; scores come back.
    package static let project = WorkKind(number: 2, values: .scores)

    /// Continues the texts; what the model goes on with comes back.
    package static func generate(_ settings: GenerationSettings) -> WorkKind {
        WorkKind(number: 3, values: .texts, generation: settings)
    }

    /// Whether a unit cannot be finished without the job's scorer. It can be embedded before that is there.
    package var needsScorer: Bool { values == .scores }

    /// The type of the results' values.
    package var elementType: Tensor.ElementType {
        switch values {
        case .states: .f32
        case .scores: .f64
        case .texts: .u8
        case .numbers(let elementType, _): elementType
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
