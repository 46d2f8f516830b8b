/// The path of one part of a split model, as llama.cpp's gguf-split calls it: `…-00001-of-00003.gguf`.
package struct GGUFPartName: Hashable, Sendable {
    /// More parts than anybody writes; each costs a file that is opened.
    static let countMax = 9999

    private let beginning: String

    /// From 0.
    package let index: Int
    let count: Int

    /// nil for a path that does not end so.
    package init?(_ path: String) {
        guard let match = path.wholeMatch(of: #/(.*)-([0-9]{5})-of-([0-9]{5})\.gguf/#.dotMatchesNewlines()),
            let number = Int(match.2), let count = Int(match.3), (1...Self.countMax).contains(count),
            (1...count).contains(number)
        else { return nil }
        beginning = String(match.1)
        index = number - 1
        self.count = count
    }

    func path(ofPart index: Int) -> String { beginning + Self.ending(index, of: count) }

    static func ending(_ index: Int, of count: Int) -> String {
        func padded(_ number: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        }
        return "-\(padded(index &+ 1))-of-\(padded(count)).gguf"
    }
}
