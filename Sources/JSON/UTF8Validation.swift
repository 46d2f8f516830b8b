extension [UInt8] {
    /// Offset of the first byte that cannot be part of well-formed UTF-8 (RFC 3629), or nil if there is none.
    package var firstInvalidUTF8Offset: Int? {
        if String(validating: self, as: UTF8.self) != nil { return nil }
        var parser = Unicode.UTF8.ForwardParser()
        var input = makeIterator()
        var offset = 0
        while true {
            switch parser.parseScalar(from: &input) {
            case .valid(let scalar): offset += scalar.count
            case .error: return offset
            case .emptyInput: return nil
            }
        }
    }
}
