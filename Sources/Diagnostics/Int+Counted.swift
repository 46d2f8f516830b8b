extension Int {
    /// The number with a noun.
    ///
    /// - Parameter plural: nil: the noun with an s.
    package func counted(_ noun: String, plural: String? = nil) -> String {
        self == 1 ? "1 \(noun)" : "\(self) \(plural ?? noun + "s")"
    }
}
