/// Why something cannot be done, as a sentence for who runs the program: what, where, expected and found.
package struct Problem: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Whether a person must change the configuration, the command or a file that one of them names; else a disk, a lock
    /// or a network may be well the next time.
    package let isOfConfiguration: Bool

    package init(_ description: String, isOfConfiguration: Bool = false) {
        self.description = description
        self.isOfConfiguration = isOfConfiguration
    }
}
