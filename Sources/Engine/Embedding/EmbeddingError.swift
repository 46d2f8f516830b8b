/// What is wrong with a request for embeddings, as one sentence.
///
/// For example `sequence 3: expected at most 8192 tokens (the model's context), found 9001`.
public struct EmbeddingError: Error, CustomStringConvertible, Sendable, Hashable {
    public enum Kind: Sendable, Hashable {
        case emptySequence
        case tokenOutOfRange
        case sequenceTooLong
        case emptyResponse
        case layerOutOfRange
        case noLayers
    }

    public let kind: Kind
    /// The sequence's index among those that were given; nil if the fault is not a sequence's.
    public let sequence: Int?
    public let expected: String
    public let found: String

    public var description: String {
        let place = sequence.map { "sequence \($0)" } ?? "layers"
        return "\(place): expected \(expected), found \(found)"
    }
}
