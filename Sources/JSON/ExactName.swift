/// A name, such as a column's, equal to another one if the bytes are. As a Swift string, "é" in its two spellings is one name.
package struct ExactName: Hashable {
    private let name: String

    package init(_ name: String) { self.name = name }

    package static func == (left: ExactName, right: ExactName) -> Bool { left.name.utf8.elementsEqual(right.name.utf8) }

    package func hash(into hasher: inout Hasher) {
        for byte in name.utf8 { hasher.combine(byte) }
    }

    /// Index of the first name that an earlier one equals.
    package static func firstRepetition(in names: some Collection<String>) -> Int? {
        var seen: Set<ExactName> = []
        seen.reserveCapacity(names.count)
        return names.enumerated().first { !seen.insert(ExactName($0.element)).inserted }?.offset
    }
}
