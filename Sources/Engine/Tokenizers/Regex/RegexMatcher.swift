/// Finds a `RegexProgram`'s matches in one text: the first alternative that leads to a match counts, as in Perl.
///
/// It tries one way after another. When that takes many steps for the text's length it notes which ways have failed,
/// and takes none of them twice: the time is linear in the text's length, whatever the expression.
struct RegexMatcher {
    fileprivate struct Choice {
        var place: Int
        var position: Int
        /// Of a span: it gives back down to here. Of a split: -1.
        var least: Int
        /// How many of `states` had been entered then.
        var stateCount: Int
    }

    /// What is known of the last run of scalars that a span went over.
    private struct Run {
        var start = 0
        var end = -1
        /// What follows the span fails at every place from here to the end.
        var failedFrom = Int.max
    }

    private let code: UnsafeBufferPointer<RegexProgram.Instruction>
    private let sets: UnsafeBufferPointer<ScalarBitmap>
    private let tables: UnsafeBufferPointer<Int>
    private let splitCount: Int
    private let text: UnsafeBufferPointer<UInt8>

    private var choices: [Choice] = []
    private var steps = 0

    /// How much has been done, for tests of how long it takes.
    var stepCount: Int { steps }

    private let stepsBeforeNotes: Int
    private var notes = false
    /// For each position and split, or span, whether everything from there has failed: made when it is needed.
    private var failed: [UInt64] = []
    /// The splits that led to where it is, and may yet fail.
    private var states: [Int] = []
    private var runs: [Run] = []
    private let spanCount: Int
    private let first: ScalarBitmap?

    /// - Parameter stepsPerByte: as many steps are taken before failures are noted.
    fileprivate init(
        code: UnsafeBufferPointer<RegexProgram.Instruction>, sets: UnsafeBufferPointer<ScalarBitmap>,
        tables: UnsafeBufferPointer<Int>, program: RegexProgram, text: UnsafeBufferPointer<UInt8>, stepsPerByte: Int,
        scratch: inout RegexScratch
    ) {
        swap(&choices, &scratch.choices)
        first = program.first
        (self.code, self.sets, self.tables, self.text) = (code, sets, tables, text)
        (splitCount, spanCount) = (program.splitCount, program.spanCount)
        stepsBeforeNotes = (text.count + 64).multipliedReportingOverflow(by: stepsPerByte).partialValue
    }

    /// The end of the match that starts at `start`; nil if there is none.
    mutating func end(from start: Int) -> Int? {
        if steps > stepsBeforeNotes { takeNotes() }
        return run(0, from: start)
    }

    private mutating func takeNotes() {
        guard !notes else { return }
        notes = true
        failed = [UInt64](repeating: 0, count: ((splitCount + spanCount) * (text.count + 1) + 63) / 64)
        runs = [Run](repeating: Run(), count: spanCount)
    }

    // MARK: Steps

    private mutating func run(_ start: Int, from origin: Int) -> Int? {
        let base = choices.count
        let stateBase = states.count
        defer {
            if choices.count > base { choices.removeLast(choices.count - base) }
            if states.count > stateBase { states.removeLast(states.count - stateBase) }
        }
        var place = start
        var position = origin
        while true {
            steps &+= 1
            var isAlive = true
            switch code[place] {
            case .set(let set):
                let length = length(of: set, at: position)
                position += length
                place += 1
                isAlive = length > 0
            case .dispatch(let table):
                let entry = position < text.count ? min(Int(text[position]), 0x80) : 0x81
                place = tables[table + entry]
            case .span(let set, let least, let most, let givesBack, let number):
                isAlive = span(set, least, most, givesBack, number, place, &position)
                place += 1
            case .split(let first, let second, let number):
                if notes, !enter(number, position) {
                    isAlive = false
                } else {
                    choices.append(Choice(place: second, position: position, least: -1, stateCount: states.count))
                    place = first
                }
            case .jump(let next): place = next
            case .look(let next, let back, let isBehind, let negative):
                isAlive = looks(place, position, back, isBehind) != negative
                place = next
            case .atomic(let next):
                if let end = run(place + 1, from: position) { position = end } else { isAlive = false }
                place = next
            case .assertion(let assertion):
                isAlive = holds(assertion, position)
                place += 1
            case .accept: return position
            case .fail: isAlive = false
            }
            if !isAlive {
                guard let next = backtrack(base, stateBase) else { return nil }
                (place, position) = next
            }
        }
    }

    /// The length of the scalar at `position` if it is in the set, else 0.
    @inline(__always)
    private func length(of set: Int, at position: Int) -> Int {
        guard position < text.count else { return 0 }
        let byte = text[position]
        if byte < 0x80 { return sets[set].contains(ascii: byte) ? 1 : 0 }
        let (value, length) = decodeScalar(text, at: position)
        return sets[set].contains(value) ? length : 0
    }

    @inline(__always)
    private mutating func span(
        _ set: Int, _ least: Int, _ most: Int, _ givesBack: Bool, _ number: Int, _ place: Int, _ position: inout Int
    ) -> Bool {
        let start = position
        var count = 0
        // What must be there.
        while count < least {
            let length = length(of: set, at: position)
            guard length > 0 else { return false }
            position += length
            count += 1
        }
        let floor = position
        if notes, most == .max, start >= runs[number].start, start <= runs[number].end, floor <= runs[number].end {
            position = runs[number].end
        } else {
            var joinsRun = false
            let scanned = position
            while count < most {
                joinsRun = notes && most == .max && position == runs[number].start && position <= runs[number].end
                if joinsRun { break }
                let length = length(of: set, at: position)
                guard length > 0 else { break }
                position += length
                count += 1
            }
            steps &+= position - scanned
            if joinsRun {
                position = runs[number].end
                runs[number].start = start
            } else if notes, most == .max {
                runs[number] = Run(start: start, end: position)
            }
        }
        guard givesBack, position > floor else { return true }
        if notes, most == .max, runs[number].failedFrom <= position {
            // All of these places were tried.
            guard floor < runs[number].failedFrom else { return false }
            position = scalarStart(text, before: runs[number].failedFrom)
            if position <= floor {
                position = floor
                return true
            }
        }
        if notes, most != .max {
            while hasFailed(behind: number, position) {
                guard position > floor else { return false }
                position = scalarStart(text, before: position)
            }
            guard position > floor else { return true }
        }
        choices.append(Choice(place: place, position: position, least: floor, stateCount: states.count))
        if notes, most != .max { states.append(state(behind: number, position)) }
        return true
    }

    /// The next way to try; nil if there is none.
    private mutating func backtrack(_ base: Int, _ stateBase: Int) -> (place: Int, position: Int)? {
        while true {
            steps &+= 1
            if steps > stepsBeforeNotes { takeNotes() }
            guard choices.count > base else {
                if notes { fail(from: stateBase) }
                return nil
            }
            let choice = choices[choices.count - 1]
            if notes { fail(from: choice.stateCount) }
            guard choice.least >= 0 else {
                choices.removeLast()
                return (choice.place, choice.position)
            }
            if let position = nextPosition(of: choice) { return (choice.place + 1, position) }
        }
    }

    /// Where a span gives back to; nil where all of these places were tried.
    private mutating func nextPosition(of choice: Choice) -> Int? {
        var position = scalarStart(text, before: choice.position)
        if notes, case .span(_, _, let most, _, let number) = code[choice.place] {
            if most == .max {
                if choice.position <= runs[number].end, choice.position >= runs[number].start {
                    runs[number].failedFrom = min(runs[number].failedFrom, choice.position)
                }
            } else {
                while hasFailed(behind: number, position) {
                    guard position > choice.least else {
                        choices.removeLast()
                        return nil
                    }
                    position = scalarStart(text, before: position)
                }
                states.append(state(behind: number, position))
            }
        }
        if position > choice.least { choices[choices.count - 1].position = position } else { choices.removeLast() }
        return position
    }

    // MARK: Notes

    /// False if everything from this split and position has failed before.
    private mutating func enter(_ split: Int, _ position: Int) -> Bool {
        let state = position * (splitCount + spanCount) + split
        if hasFailed(state) { return false }
        states.append(state)
        return true
    }

    /// That a span of limited length has ended here.
    private func state(behind span: Int, _ position: Int) -> Int {
        position * (splitCount + spanCount) + splitCount + span
    }

    private func hasFailed(behind span: Int, _ position: Int) -> Bool { hasFailed(state(behind: span, position)) }

    private func hasFailed(_ state: Int) -> Bool { failed[state >> 6] >> UInt64(state & 63) & 1 != 0 }

    private mutating func fail(from start: Int) {
        guard start < states.count else { return }
        for state in states[start...] { failed[state >> 6] |= 1 << UInt64(state & 63) }
        states.removeLast(states.count - start)
    }

    // MARK: Around

    private mutating func looks(_ place: Int, _ position: Int, _ back: Int, _ isBehind: Bool) -> Bool {
        var start = position
        for _ in 0..<back {
            guard start > 0 else { return false }
            start = scalarStart(text, before: start)
        }
        guard let end = run(place + 1, from: start) else { return false }
        return !isBehind || end == position
    }

    private func holds(_ assertion: RegexNode.Assertion, _ position: Int) -> Bool {
        switch assertion {
        case .textStart: position == 0
        case .textEnd: position == text.count
        case .textEndBeforeNewline:
            position == text.count || position == text.count - 1 && text[position] == 0x0A
        case .lineStart: position == 0 || text[position - 1] == 0x0A && position < text.count
        case .lineEnd: position == text.count || text[position] == 0x0A
        case .wordBoundary: isWord(before: position) != isWord(at: position)
        case .noWordBoundary: isWord(before: position) == isWord(at: position)
        }
    }

    private func isWord(at position: Int) -> Bool {
        position < text.count && ScalarSet.word.contains(decodeScalar(text, at: position).value)
    }

    private func isWord(before position: Int) -> Bool {
        position > 0 && isWord(at: scalarStart(text, before: position))
    }
}

/// Memory that matchers use one after another.
struct RegexScratch {
    fileprivate var choices: [RegexMatcher.Choice] = []
}

extension RegexProgram {
    /// Matches in `text`; the matcher is valid only inside `body`.
    func withMatcher<R>(
        in text: UnsafeBufferPointer<UInt8>, _ scratch: inout RegexScratch, stepsPerByte: Int = 64,
        _ body: (inout RegexMatcher) -> R
    ) -> R {
        code.withUnsafeBufferPointer { code in
            sets.withUnsafeBufferPointer { sets in
                tables.withUnsafeBufferPointer { tables in
                    var matcher = RegexMatcher(
                        code: code, sets: sets, tables: tables, program: self, text: text, stepsPerByte: stepsPerByte,
                        scratch: &scratch)
                    defer { matcher.giveBack(&scratch) }
                    return body(&matcher)
                }
            }
        }
    }
}

extension RegexMatcher {
    fileprivate mutating func giveBack(_ scratch: inout RegexScratch) { swap(&choices, &scratch.choices) }

    /// The first match at or behind `start` (Oniguruma's search): its range, which may be empty.
    mutating func next(from start: Int) -> Range<Int>? {
        var position = start
        while true {
            if let first {
                // Where no match can begin, none is tried.
                while position < text.count {
                    let byte = text[position]
                    if byte < 0x80 {
                        if first.contains(ascii: byte) { break }
                        position += 1
                    } else {
                        let (value, length) = decodeScalar(text, at: position)
                        if first.contains(value) { break }
                        position += length
                    }
                }
                guard position < text.count else { return nil }
            }
            if let end = end(from: position) { return position..<end }
            guard position < text.count else { return nil }
            position += decodeScalar(text, at: position).length
        }
    }
}
