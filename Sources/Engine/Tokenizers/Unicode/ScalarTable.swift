/// Every scalar's general category, fast to look up, in the versions of Unicode that the reference implementations
/// have: those of Oniguruma (16.0) and of Rust's standard library (17.0 or what Swift's knows).
struct ScalarTable {
    /// Made once, from the standard library's properties.
    static let shared = ScalarTable()

    /// Where in `entries` the 256 scalars of each page start, divided by 256.
    private let pages: [UInt16]
    /// The category in the low five bits, then flags.
    private let entries: [UInt8]
    private static let categoryBits: UInt8 = 0x1F
    /// Assigned after Unicode 16.0.
    private static let isNew: UInt8 = 0x20
    /// What Hugging Face's `Punctuation` takes for punctuation: a table of Unicode 8.0, with ASCII's symbols.
    private static let isOldPunctuation: UInt8 = 0x40
    /// What Hugging Face's `StripAccents` takes for marks: a table of Unicode 9.0.
    private static let isOldMark: UInt8 = 0x80

    /// Runs of scalars of one category as of Unicode 16.0, in order, without those that are not assigned.
    let runs: [(scalars: ClosedRange<UInt32>, category: ScalarCategory)]

    private init() {
        var pages: [UInt16] = []
        var entries: [UInt8] = []
        var pageOf: [[UInt8]: UInt16] = [:]
        var runs: [(scalars: ClosedRange<UInt32>, category: ScalarCategory)] = []
        for page in UInt32(0)..<0x1100 {
            // Planes 4 to 13 are empty, 15 and 16 are for private use.
            let plane = page >> 8
            let isUniform = (4...13).contains(plane)
            let content = (0..<256).map { isUniform ? ScalarCategory.cn.rawValue : Self.entry(page << 8 | $0) }
            for (offset, entry) in content.enumerated() {
                let value = page << 8 | UInt32(offset)
                guard let category = Self.category(entry, version16: true), category != .cn else { continue }
                if let last = runs.last, last.category == category, last.scalars.upperBound + 1 == value {
                    runs[runs.count - 1].scalars = last.scalars.lowerBound...value
                } else {
                    runs.append((value...value, category))
                }
            }
            if let known = pageOf[content] {
                pages.append(known)
            } else {
                let number = UInt16(entries.count >> 8)
                pageOf[content] = number
                pages.append(number)
                entries += content
            }
        }
        (self.pages, self.entries, self.runs) = (pages, entries, runs)
    }

    private static func entry(_ value: UInt32) -> UInt8 {
        guard let scalar = Unicode.Scalar(value) else { return ScalarCategory.cs.rawValue }
        let properties = scalar.properties
        var category = ScalarCategory(properties.generalCategory)
        // Unicode 17.0 made this one a letter without case.
        if value == 0x295 { category = .ll }
        var entry = category.rawValue
        guard category != .cn else { return entry }
        let age = properties.age.map { ($0.major, $0.minor) } ?? (0, 0)
        if age > (16, 0) { entry |= isNew }
        let isPunctuation = ScalarCategories.punctuation.contains(category) && age <= (8, 0)
        // Two were punctuation then, and ASCII's symbols count.
        let isSymbol = value < 0x80 && [.sm, .sc, .sk, .so].contains(category)
        if isPunctuation || isSymbol || value == 0x166D || value == 0x111C9 { entry |= isOldPunctuation }
        let isMark = ScalarCategories.mark.contains(category) && age <= (9, 0) && value != 0x111C9
        if isMark || value == 0x1CF2 || value == 0x1CF3 { entry |= isOldMark }
        return entry
    }

    private static func category(_ entry: UInt8, version16: Bool) -> ScalarCategory? {
        version16 && entry & isNew != 0 ? .cn : ScalarCategory(rawValue: entry & categoryBits)
    }

    @inline(__always)
    private func entry(_ value: UInt32) -> UInt8 {
        entries[Int(pages[Int(value >> 8)]) << 8 | Int(value & 0xFF)]
    }

    /// The category as of Unicode 16.0.
    @inline(__always)
    func categoryBit(_ value: UInt32) -> UInt32 {
        let entry = entry(value)
        return 1 << UInt32(entry & Self.isNew != 0 ? ScalarCategory.cn.rawValue : entry & Self.categoryBits)
    }

    /// `char::is_numeric` of Rust: `\p{N}` of the newest version.
    func isNumeric(_ value: UInt32) -> Bool {
        ScalarCategories.number.rawValue >> UInt32(entry(value) & Self.categoryBits) & 1 != 0
    }

    func isOldPunctuation(_ value: UInt32) -> Bool { entry(value) & Self.isOldPunctuation != 0 }

    /// `\p{M}` as Rust's `unicode-normalization` has it.
    func isOldMark(_ value: UInt32) -> Bool { entry(value) & Self.isOldMark != 0 }

    /// Unicode's White_Space, the same in all versions since 6.3.
    @inline(__always)
    static func isWhiteSpace(_ value: UInt32) -> Bool {
        switch value {
        case 0x20, 0x09...0x0D, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }
}
