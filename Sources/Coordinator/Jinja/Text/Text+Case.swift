// Upper and lower case as Python's methods of `str` make them: Unicode's full mappings, each of which has the author
// of the character that it is made of.

extension Text {
    var uppercased: Text { mapped { $0.properties.uppercaseMapping } }

    var lowercased: Text { lowercased(in: 0..<utf8.count) }

    private func lowercased(in range: Range<Int>) -> Text {
        var result = Text()
        result.isMarkup = isMarkup
        self[range].forEachScalar { (scalar, place, author) throws(Never) in
            result.append(lowercase(scalar, at: range.lowerBound + place.lowerBound), by: author)
        }
        return result
    }

    /// The first character in title case, the others in lower case.
    var capitalized: Text {
        guard !isEmpty else { return self }
        let length = [UInt8].length(utf8[0])
        var result = self[0..<length].mapped { $0.properties.titlecaseMapping }
        result.append(lowercased(in: length..<utf8.count))
        return result
    }

    /// `str.title`: each run of letters with a case begins in title case.
    var titlecased: Text {
        var result = Text()
        result.isMarkup = isMarkup
        var isInWord = false
        forEachScalar { (scalar, place, author) throws(Never) in
            result.append(
                isInWord ? lowercase(scalar, at: place.lowerBound) : scalar.properties.titlecaseMapping, by: author)
            isInWord = scalar.properties.isCased
        }
        return result
    }

    /// Jinja2's filter `title`: words begin behind whitespace, hyphens and opening brackets.
    var filteredTitle: Text {
        var result = Text()
        result.isMarkup = false
        var (isFirst, start) = (true, 0)
        forEachScalar { (scalar, place, _) throws(Never) in
            let separates = scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar)
            if separates || isFirst {
                // A word's last letter is seen as such: lower case of sigma depends on it.
                result.append(lowercasedWord(start..<place.lowerBound))
                result.append(separates ? self[place] : self[place].uppercased)
                start = place.upperBound
            }
            isFirst = separates
        }
        result.append(lowercasedWord(start..<utf8.count))
        return result
    }

    private func lowercasedWord(_ range: Range<Int>) -> Text { self[range].lowercased }

    var swappedCase: Text {
        var result = Text()
        result.isMarkup = isMarkup
        forEachScalar { (scalar, place, author) throws(Never) in
            let properties = scalar.properties
            let swapped =
                properties.isUppercase
                ? lowercase(scalar, at: place.lowerBound)
                : properties.isLowercase ? properties.uppercaseMapping : String(scalar)
            result.append(swapped, by: author)
        }
        return result
    }

    private func mapped(_ transform: (Unicode.Scalar) -> String) -> Text {
        var result = Text()
        result.isMarkup = isMarkup
        forEachScalar { (scalar, _, author) throws(Never) in result.append(transform(scalar), by: author) }
        return result
    }

    /// Σ is ς at a word's end: Unicode's Final_Sigma.
    private func lowercase(_ scalar: Unicode.Scalar, at offset: Int) -> String {
        guard scalar == "\u{3A3}" else { return scalar.properties.lowercaseMapping }
        var position = offset
        var isBehindLetter = false
        while position > 0 {
            let (before, length) = utf8.scalar(before: position)
            position -= length
            if before.properties.isCaseIgnorable { continue }
            isBehindLetter = before.properties.isCased
            break
        }
        guard isBehindLetter else { return "\u{3C3}" }
        position = offset + 2
        while position < utf8.count {
            let (behind, length) = utf8.scalar(at: position)
            position += length
            if behind.properties.isCaseIgnorable { continue }
            return behind.properties.isCased ? "\u{3C3}" : "\u{3C2}"
        }
        return "\u{3C2}"
    }
}

// MARK: - Kinds of characters

extension Text {
    /// `str.isalpha` and its like: there is a character, and all are of the kind.
    func isAll(_ kind: (Unicode.Scalar) -> Bool) -> Bool {
        var isAll = !isEmpty
        forEachScalar { (scalar, _, _) throws(Never) in isAll = isAll && kind(scalar) }
        return isAll
    }

    var isUppercase: Bool {
        hasCase {
            $0.properties.isUppercase
        } not: {
            $0.properties.isLowercase
        }
    }

    var isLowercase: Bool {
        hasCase {
            $0.properties.isLowercase
        } not: {
            $0.properties.isUppercase
        }
    }

    private func hasCase(_ wanted: (Unicode.Scalar) -> Bool, not unwanted: (Unicode.Scalar) -> Bool) -> Bool {
        var (isThere, isPure) = (false, true)
        forEachScalar { (scalar, _, _) throws(Never) in
            if wanted(scalar) {
                isThere = true
            } else if unwanted(scalar) || scalar.properties.generalCategory == .titlecaseLetter {
                isPure = false
            }
        }
        return isThere && isPure
    }

    var isTitlecase: Bool {
        var (isThere, isPure, isInWord) = (false, true, false)
        forEachScalar { (scalar, _, _) throws(Never) in
            if scalar.properties.isUppercase || scalar.properties.generalCategory == .titlecaseLetter {
                if isInWord { isPure = false }
                (isThere, isInWord) = (true, true)
            } else if scalar.properties.isLowercase {
                if !isInWord { isPure = false }
                (isThere, isInWord) = (true, true)
            } else {
                isInWord = false
            }
        }
        return isThere && isPure
    }
}
