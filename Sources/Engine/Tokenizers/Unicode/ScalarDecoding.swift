/// Decodes the scalar at `position`, which lies before the end: its value and its length in bytes.
///
/// Where the bytes are not UTF-8 (RFC 3629: no surrogates, nothing longer than needed, nothing above U+10FFFF) it is
/// one byte that stands for U+FFFD.
@inline(__always)
func decodeScalar(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> (value: UInt32, length: Int) {
    let lead = bytes[position]
    if lead < 0x80 { return (UInt32(lead), 1) }
    return decodeLongScalar(bytes, at: position) ?? (0xFFFD, 1)
}

/// The same for a scalar of two to four bytes; nil where the bytes are not UTF-8.
func decodeLongScalar(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> (value: UInt32, length: Int)? {
    let lead = bytes[position]
    let left = bytes.count - position
    switch lead {
    case 0xC2...0xDF:
        guard left > 1, bytes[position + 1] & 0xC0 == 0x80 else { return nil }
        return (UInt32(lead & 0x1F) << 6 | UInt32(bytes[position + 1] & 0x3F), 2)
    case 0xE0...0xEF:
        guard left > 2, bytes[position + 1] & 0xC0 == 0x80, bytes[position + 2] & 0xC0 == 0x80 else { return nil }
        let value =
            UInt32(lead & 0x0F) << 12 | UInt32(bytes[position + 1] & 0x3F) << 6 | UInt32(bytes[position + 2] & 0x3F)
        guard value >= 0x800, value & 0xF800 != 0xD800 else { return nil }
        return (value, 3)
    case 0xF0...0xF4:
        guard left > 3, bytes[position + 1] & 0xC0 == 0x80, bytes[position + 2] & 0xC0 == 0x80,
            bytes[position + 3] & 0xC0 == 0x80
        else { return nil }
        let upper = UInt32(lead & 0x07) << 18 | UInt32(bytes[position + 1] & 0x3F) << 12
        let value = upper | UInt32(bytes[position + 2] & 0x3F) << 6 | UInt32(bytes[position + 3] & 0x3F)
        guard value >= 0x10000, value <= 0x10FFFF else { return nil }
        return (value, 4)
    default: return nil
    }
}

/// The start of the scalar that ends at `end`, which lies behind the start of the bytes; the inverse of `decodeScalar`.
@inline(__always)
func scalarStart(_ bytes: UnsafeBufferPointer<UInt8>, before end: Int) -> Int {
    if bytes[end - 1] < 0x80 { return end - 1 }
    for length in 2...4 where length <= end {
        let start = end - length
        if bytes[start] & 0xC0 == 0x80 { continue }
        return bytes[start] >= 0xC0 && decodeScalar(bytes, at: start).length == length ? start : end - 1
    }
    return end - 1
}

/// Appends the scalar's UTF-8.
@inline(__always)
func appendScalar(_ value: UInt32, to bytes: inout [UInt8]) {
    switch value {
    case ..<0x80: bytes.append(UInt8(value))
    case ..<0x800:
        bytes.append(0xC0 | UInt8(value >> 6))
        bytes.append(0x80 | UInt8(value & 0x3F))
    case ..<0x10000:
        bytes.append(0xE0 | UInt8(value >> 12))
        bytes.append(0x80 | UInt8(value >> 6 & 0x3F))
        bytes.append(0x80 | UInt8(value & 0x3F))
    default:
        bytes.append(0xF0 | UInt8(value >> 18 & 0x07))
        bytes.append(0x80 | UInt8(value >> 12 & 0x3F))
        bytes.append(0x80 | UInt8(value >> 6 & 0x3F))
        bytes.append(0x80 | UInt8(value & 0x3F))
    }
}
