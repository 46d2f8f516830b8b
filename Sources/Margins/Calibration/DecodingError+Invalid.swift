extension DecodingError {
    /// For what can be read and is not what the type holds, as a file that was edited by hand may have it.
    static func invalid(_ expected: String, _ decoder: any Decoder) -> DecodingError {
        .dataCorrupted(Context(codingPath: decoder.codingPath, debugDescription: "expected \(expected)"))
    }
}
