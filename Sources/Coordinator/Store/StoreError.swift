/// Why the store of embeddings cannot be written or read.
package struct StoreError: Error, Hashable, Sendable, CustomStringConvertible {
    package let description: String

    /// Whether the configuration names a folder that is not this job's, and not only the disk fails.
    let isOfConfiguration: Bool

    init(_ description: String, isOfConfiguration: Bool = false) {
        self.description = description
        self.isOfConfiguration = isOfConfiguration
    }
}
