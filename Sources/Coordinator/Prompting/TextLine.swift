internal import Dataset
internal import JSON
package import Protocol

/// What the model reads of one row, as a line of JSON.
package struct TextLine {
    package let bytes: [UInt8]

    package init(row: Int, _ item: RenderedItem) {
        var members = [
            "\"row\": \(row)", "\"prompt\": \(Self.string(item.prompt.text))",
            "\"responses\": \(Self.list(item.responses.map { Self.string($0.text) }))",
        ]
        if !item.prompt.controlRanges.isEmpty {
            members.append("\"prompt_controls\": \(Self.list(item.prompt.controlRanges))")
        }
        if item.responses.contains(where: { !$0.controlRanges.isEmpty }) {
            members.append("\"response_controls\": \(Self.list(item.responses.map { Self.list($0.controlRanges) }))")
        }
        bytes = Array("{\(members.joined(separator: ", "))}\n".utf8)
    }

    private static func string(_ text: String) -> String {
        var bytes: [UInt8] = []
        JSONText.append(text, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    private static func list(_ ranges: [Range<Int>]) -> String {
        list(ranges.map { "[\($0.lowerBound), \($0.upperBound)]" })
    }

    private static func list(_ elements: [String]) -> String { "[\(elements.joined(separator: ", "))]" }
}
