/// A column's name, equal to another one if the bytes are. As a Swift string, "é" in its two spellings is one name.
struct ExactName: Hashable {
    private let name: String

    init(_ name: String) { self.name = name }

    static func == (left: ExactName, right: ExactName) -> Bool { left.name.utf8.elementsEqual(right.name.utf8) }

    func hash(into hasher: inout Hasher) {
        for byte in name.utf8 { hasher.combine(byte) }
    }

    /// Index of the first name that an earlier one equals.
    static func firstRepetition(in names: some Collection<String>) -> Int? {
        var seen: Set<ExactName> = []
        seen.reserveCapacity(names.count)
        return names.enumerated().first { !seen.insert(ExactName($0.element)).inserted }?.offset
    }
}
