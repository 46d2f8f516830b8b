/// Whose text is to be reproduced.
package enum Compatibility: String, Choice {
    /// Ours: anchors and rows are rendered alike, and control tokens are only read where the template wrote them.
    case none = "none"

    /// Byte for byte what Legend's released code has: with `alpaca`, a line break before the response of an anchor
    /// and nothing before that of a row; and, as in Hugging Face's tokenizers, control tokens are read everywhere.
    case legend = "legend"
}
