/// A normalizer that looks at one scalar at a time.
enum ScalarMapping {
    /// Rust's `char::to_lowercase`: the full mapping without regard to neighbours.
    case lowercase
    /// Leaves marks out.
    case stripAccents
    /// SentencePiece's rules for machine translation: leaves controls out, and makes spaces of other white space.
    case nmt

    func applied(to text: UnsafeBufferPointer<UInt8>) -> AlignedText? {
        var result: AlignedText?
        var replacement: [UInt8] = []
        var position = 0
        while position < text.count {
            let (value, length) = decodeScalar(text, at: position)
            replacement.removeAll(keepingCapacity: true)
            if replace(value, by: &replacement) {
                if result == nil { result = AlignedText(capacity: text.count + 16) }
                result?.copy(text, to: position)
                result?.replace(to: position + length, with: replacement)
            }
            position += length
        }
        result?.copy(text, to: text.count)
        return result
    }

    /// False if the scalar stays as it is.
    private func replace(_ value: UInt32, by replacement: inout [UInt8]) -> Bool {
        switch self {
        case .lowercase:
            if value < 0x80 {
                guard (0x41...0x5A).contains(value) else { return false }
                replacement.append(UInt8(value) | 0x20)
                return true
            }
            guard let scalar = Unicode.Scalar(value), scalar.properties.changesWhenLowercased else { return false }
            replacement.append(contentsOf: scalar.properties.lowercaseMapping.utf8)
            return true
        case .stripAccents: return value >= 0x300 && ScalarTable.shared.isOldMark(value)
        case .nmt:
            switch value {
            case 0x01...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x8F, 0x9F: return true
            case 0x09, 0x0A, 0x0C, 0x0D, 0x1680, 0x200B...0x200F, 0x2028, 0x2029, 0x2581, 0xFEFF, 0xFFFD:
                replacement.append(0x20)
                return true
            default: return false
            }
        }
    }
}
