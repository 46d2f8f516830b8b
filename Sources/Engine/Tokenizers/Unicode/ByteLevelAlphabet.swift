/// How byte-level BPE vocabularies spell bytes as visible characters: printable Latin-1 bytes are themselves, and the
/// others, in order, are U+0100, U+0101, … (so a space is "Ġ", U+0120).
enum ByteLevelAlphabet {
    /// The byte for each scalar below U+0144; nil where there is none.
    private static let byteOfScalar: [UInt8?] = {
        var bytes = [UInt8?](repeating: nil, count: 0x144)
        var nextStandIn = 0x100
        for byte in UInt8.min...UInt8.max {
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: bytes[Int(byte)] = byte
            default:
                bytes[nextStandIn] = byte
                nextStandIn += 1
            }
        }
        return bytes
    }()

    /// Appends the bytes that `spelling` (UTF-8) stands for; appends nothing and returns false if it is no spelling.
    static func decode(_ spelling: UnsafeRawBufferPointer, appendingTo output: inout [UInt8]) -> Bool {
        let start = output.count
        var position = 0
        while position < spelling.count {
            // All of the alphabet's scalars take one or two bytes.
            var scalar = Int(spelling[position])
            var length = 1
            if (0xC2...0xC5).contains(scalar), position + 1 < spelling.count, spelling[position + 1] & 0xC0 == 0x80 {
                scalar = (scalar & 0x1F) << 6 | Int(spelling[position + 1] & 0x3F)
                length = 2
            } else if scalar >= 0x80 {
                scalar = byteOfScalar.count
            }
            guard scalar < byteOfScalar.count, let byte = byteOfScalar[scalar] else {
                output.removeSubrange(start...)
                return false
            }
            output.append(byte)
            position += length
        }
        return true
    }

    /// Appends the spelling (UTF-8) of `byte`.
    static func append(_ byte: UInt8, to spelling: inout [UInt8]) {
        appendScalar(scalarOfByte[Int(byte)], to: &spelling)
    }

    private static let scalarOfByte: [UInt32] = {
        var scalars = [UInt32](repeating: 0, count: 256)
        for (scalar, byte) in byteOfScalar.enumerated() {
            if let byte { scalars[Int(byte)] = UInt32(scalar) }
        }
        return scalars
    }()
}
