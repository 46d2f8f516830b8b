/// Unicode's normalization forms (https://www.unicode.org/reports/tr15/), with the tables of Unicode 9.0.
///
/// Text that is in the form already is only looked at. Else the parts that may change are worked on, each from a
/// character that nothing before it has to do with up to the next one.
struct UnicodeNormalizer {
    enum Form: String {
        case nfc = "NFC"
        case nfd = "NFD"
        case nfkc = "NFKC"
        case nfkd = "NFKD"

        var composes: Bool { self == .nfc || self == .nfkc }
        var isCompatibility: Bool { self == .nfkc || self == .nfkd }
    }

    private let form: Form
    private let tables = Decompositions.shared

    init(_ form: Form) { self.form = form }

    /// Nil where nothing changes.
    func normalized(_ text: UnsafeBufferPointer<UInt8>) -> AlignedText? {
        guard let unstable = tables.unstable[form] else { return nil }
        var result: AlignedText?
        var bytes: [UInt8] = []
        var position = 0
        // Where the part that a change may reach starts.
        var start = 0
        while position < text.count {
            let (value, length) = decodeScalar(text, at: position)
            guard value >= 0x80, unstable.contains(value) else {
                start = position
                position += length
                continue
            }
            if tables.isBoundary(value, compatibility: form.isCompatibility) { start = position }
            let end = partEnd(text, from: position + length, unstable)
            bytes.removeAll(keepingCapacity: true)
            for scalar in normalized(text, start..<end) { appendScalar(scalar, to: &bytes) }
            if !bytes.elementsEqual(text[start..<end]) {
                if result == nil { result = AlignedText(capacity: text.count + text.count / 8 + 16) }
                result?.copy(text, to: start)
                result?.replace(to: end, with: bytes)
            }
            (start, position) = (end, end)
        }
        result?.copy(text, to: text.count)
        return result
    }

    /// The next place that nothing before it reaches.
    private func partEnd(_ text: UnsafeBufferPointer<UInt8>, from start: Int, _ unstable: ScalarBitmap) -> Int {
        var end = start
        while end < text.count {
            let (value, length) = decodeScalar(text, at: end)
            if !unstable.contains(value) || tables.isBoundary(value, compatibility: form.isCompatibility) { break }
            end += length
        }
        return end
    }

    private func normalized(_ text: UnsafeBufferPointer<UInt8>, _ range: Range<Int>) -> [UInt32] {
        var scalars: [UInt32] = []
        var position = range.lowerBound
        while position < range.upperBound {
            let (value, length) = decodeScalar(text, at: position)
            tables.appendDecomposition(of: value, compatibility: form.isCompatibility, to: &scalars)
            position += length
        }
        order(&scalars)
        return form.composes ? composed(scalars) : scalars
    }

    /// Sorts marks behind a character by their classes, those of one class in their order.
    private func order(_ scalars: inout [UInt32]) {
        var start = 0
        while start < scalars.count {
            guard tables.combiningClass(scalars[start]) != 0 else {
                start += 1
                continue
            }
            var end = start + 1
            while end < scalars.count, tables.combiningClass(scalars[end]) != 0 { end += 1 }
            let marks = scalars[start..<end].enumerated().map { (tables.combiningClass($1), $0, $1) }
            scalars.replaceSubrange(start..<end, with: marks.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2))
            start = end
        }
    }

    private func composed(_ scalars: [UInt32]) -> [UInt32] {
        var result: [UInt32] = []
        var starter: Int?
        var lastClass: UInt8 = 0
        for scalar in scalars {
            let combiningClass = tables.combiningClass(scalar)
            if let starter, lastClass < combiningClass || lastClass == 0 && starter == result.count - 1,
                let composite = tables.composition(result[starter], scalar)
            {
                result[starter] = composite
                continue
            }
            if combiningClass == 0 { starter = result.count }
            lastClass = combiningClass
            result.append(scalar)
        }
        return result
    }
}
