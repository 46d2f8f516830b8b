// Parts of texts, as Python's methods of `str` cut them. Each part keeps the marks of its characters.

extension Text {
    enum Sides { case left, right, both }

    /// - Parameter characters: which ones go; nil: whitespace.
    func stripped(_ sides: Sides = .both, of characters: Text? = nil) -> Text {
        var set: Set<Unicode.Scalar> = []
        characters?.forEachScalar { (scalar, _, _) throws(Never) in set.insert(scalar) }
        func goes(_ scalar: Unicode.Scalar) -> Bool {
            characters == nil ? scalar.isPythonSpace : set.contains(scalar)
        }
        var (start, end) = (0, utf8.count)
        while sides != .right, start < end {
            let (scalar, length) = utf8.scalar(at: start)
            guard goes(scalar) else { break }
            start += length
        }
        while sides != .left, end > start {
            let (scalar, length) = utf8.scalar(before: end)
            guard goes(scalar) else { break }
            end -= length
        }
        return self[start..<end]
    }

    /// `str.split` with a separator.
    ///
    /// - Parameters:
    ///   - separator: not empty.
    ///   - limit: how often at most; negative: wherever it is.
    func split(by separator: Text, limit: Int, fromTheRight: Bool) -> [Text] {
        let limit = limit < 0 ? nil : limit
        let places =
            fromTheRight
            ? placesFromTheRight(of: separator, limit: limit).reversed()
            : places(of: separator, in: 0..<utf8.count, limit: limit)
        var pieces: [Text] = []
        var start = 0
        for place in places {
            pieces.append(self[start..<place])
            start = place + separator.utf8.count
        }
        pieces.append(self[start..<utf8.count])
        return pieces
    }

    /// `str.split` without a separator: at whitespace, and no piece is empty.
    ///
    /// - Parameter limit: how often at most; negative: wherever there is some.
    func splitAtSpace(limit: Int, fromTheRight: Bool) -> [Text] {
        fromTheRight ? splitAtSpaceFromTheRight(limit) : splitAtSpaceFromTheLeft(limit)
    }

    private func splitAtSpaceFromTheLeft(_ limit: Int) -> [Text] {
        var pieces: [Text] = []
        var start = skippingSpace(from: 0)
        while start < utf8.count {
            if pieces.count == limit {
                pieces.append(self[start..<utf8.count])
                break
            }
            var end = start
            while end < utf8.count, case let (scalar, length) = utf8.scalar(at: end), !scalar.isPythonSpace {
                end += length
            }
            pieces.append(self[start..<end])
            start = skippingSpace(from: end)
        }
        return pieces
    }

    private func splitAtSpaceFromTheRight(_ limit: Int) -> [Text] {
        var pieces: [Text] = []
        var end = spaceStart(before: utf8.count)
        while end > 0 {
            if pieces.count == limit {
                pieces.append(self[0..<end])
                break
            }
            var start = end
            while start > 0, case let (scalar, length) = utf8.scalar(before: start), !scalar.isPythonSpace {
                start -= length
            }
            pieces.append(self[start..<end])
            end = spaceStart(before: start)
        }
        return pieces.reversed()
    }

    private func skippingSpace(from offset: Int) -> Int {
        var offset = offset
        while offset < utf8.count, case let (scalar, length) = utf8.scalar(at: offset), scalar.isPythonSpace {
            offset += length
        }
        return offset
    }

    /// Where the whitespace begins that ends there.
    private func spaceStart(before end: Int) -> Int {
        var start = end
        while start > 0, case let (scalar, length) = utf8.scalar(before: start), scalar.isPythonSpace {
            start -= length
        }
        return start
    }

    /// `str.splitlines`.
    func lines(keepingEnds: Bool) -> [Text] {
        var lines: [Text] = []
        var (start, offset) = (0, 0)
        while offset < utf8.count {
            let (scalar, length) = utf8.scalar(at: offset)
            var end = offset + length
            guard scalar.isPythonLineEnd else {
                offset = end
                continue
            }
            if scalar == "\r", end < utf8.count, utf8[end] == UInt8(ascii: "\n") { end += 1 }
            lines.append(self[start..<(keepingEnds ? end : offset)])
            start = end
            offset = end
        }
        if start < utf8.count { lines.append(self[start..<utf8.count]) }
        return lines
    }

    /// The characters with these numbers, in this order.
    func characters(_ numbers: some Sequence<Int>) -> Text {
        var offsets: [Int] = []
        forEachScalar { (_, range, _) throws(Never) in offsets.append(range.lowerBound) }
        var result = Text()
        result.isMarkup = isMarkup
        for number in numbers {
            let (scalar, _) = utf8.scalar(at: offsets[number])
            result.append(scalar, by: author(at: offsets[number]))
        }
        return result
    }

    /// Each character as a text.
    var characters: [Text] {
        var result: [Text] = []
        forEachScalar { (_, range, _) throws(Never) in result.append(self[range]) }
        return result
    }
}
