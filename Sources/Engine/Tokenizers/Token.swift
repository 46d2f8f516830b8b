/// One token of a text.
public struct Token: Hashable, Sendable {
    public var id: Int32
    /// Which bytes of the input the token stands for; empty for a BOS that was added.
    public var bytes: Range<Int>

    public init(id: Int32, bytes: Range<Int>) {
        self.id = id
        self.bytes = bytes
    }
}

/// Where in a text the spelling of a control token, such as `<|im_start|>`, means that token.
///
/// Elsewhere it is plain text: a prompt can't forge the end of its turn.
public enum ControlTokenScope: Sendable {
    case none
    case everywhere
    /// Only where the whole spelling lies inside one of these ranges of the input's bytes.
    case within([Range<Int>])

    func allows(_ match: Range<Int>) -> Bool {
        switch self {
        case .none: false
        case .everywhere: true
        case .within(let ranges): ranges.contains { $0.contains(match) }
        }
    }
}
