/// What is done to a text before it is split: the normalizers of `tokenizer.json`, and SentencePiece's.
indirect enum Normalizer {
    case unicode(UnicodeNormalizer.Form)
    case prepend([UInt8])
    case replace(SplitPattern, with: [UInt8])
    case lowercase
    case strip(left: Bool, right: Bool)
    case stripAccents
    case nmt
    /// Hugging Face's `Precompiled`.
    case charsMap(CharsMap)
    case sentencePiece(SentencePieceNormalizer)

    /// The text that becomes of `text`, which is valid UTF-8 but where it is said otherwise; nil where nothing changes.
    func normalized(_ text: UnsafeBufferPointer<UInt8>, _ scratch: inout RegexScratch) -> AlignedText? {
        switch self {
        case .unicode(let form): return UnicodeNormalizer(form).normalized(text)
        case .prepend(let prefix):
            guard !text.isEmpty, !prefix.isEmpty else { return nil }
            var result = AlignedText(capacity: text.count + prefix.count)
            result.replace(to: 0, with: prefix)
            result.copy(text, to: text.count)
            return result
        case .replace(let pattern, let content): return Self.replaced(text, pattern, content, &scratch)
        case .lowercase: return ScalarMapping.lowercase.applied(to: text)
        case .stripAccents: return ScalarMapping.stripAccents.applied(to: text)
        case .nmt: return ScalarMapping.nmt.applied(to: text)
        case .strip(let left, let right): return Self.stripped(text, left: left, right: right)
        case .charsMap(let map): return map.normalizedByCluster(text)
        case .sentencePiece(let normalizer): return normalizer.normalized(text)
        }
    }

    private static func replaced(
        _ text: UnsafeBufferPointer<UInt8>, _ pattern: SplitPattern, _ content: [UInt8], _ scratch: inout RegexScratch
    ) -> AlignedText? {
        var result: AlignedText?
        pattern.forEachMatch(in: text, &scratch) { match in
            if result == nil { result = AlignedText(capacity: text.count + text.count / 2) }
            result?.copy(text, to: match.lowerBound)
            // The content stands for the last scalar alone, as in the reference.
            let last = match.isEmpty ? match.lowerBound : scalarStart(text, before: match.upperBound)
            if last > match.lowerBound { result?.replace(to: last, with: []) }
            result?.replace(to: match.upperBound, with: content)
        }
        result?.copy(text, to: text.count)
        return result
    }

    private static func stripped(_ text: UnsafeBufferPointer<UInt8>, left: Bool, right: Bool) -> AlignedText? {
        var (start, end) = (0, text.count)
        while left, start < end {
            let (value, length) = decodeScalar(text, at: start)
            guard ScalarTable.isWhiteSpace(value) else { break }
            start += length
        }
        while right, start < end {
            let last = scalarStart(text, before: end)
            guard ScalarTable.isWhiteSpace(decodeScalar(text, at: last).value) else { break }
            end = last
        }
        guard start > 0 || end < text.count else { return nil }
        var result = AlignedText(capacity: end - start)
        if start > 0 { result.replace(to: start, with: []) }
        result.copy(text, to: end)
        if end < text.count { result.replace(to: text.count, with: []) }
        return result
    }
}
