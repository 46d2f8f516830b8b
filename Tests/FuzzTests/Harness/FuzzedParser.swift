/// A parser of foreign bytes, with what is needed to attack it.
struct FuzzedParser: Sendable {
    enum Outcome: Sendable {
        /// Refused by the parser's first checks: a format's magic, its outermost syntax, its version.
        case refusedAtOnce
        case refused
        case accepted
    }

    let name: String

    /// Valid inputs. Each consists of parts (frames, lines, sections), which are damaged, dropped, repeated and exchanged
    /// one by one.
    let corpus: @Sendable () throws -> [[[UInt8]]]

    /// Pieces of the format's syntax, to be put in anywhere.
    let syntax: [[UInt8]]

    /// Bytes of text are moved about more than those of a binary format, where most things lie at fixed places.
    let isText: Bool

    /// Makes of damaged parts what the parser reads. Most of the time it puts lengths, counts and checksums right, as
    /// whoever sends something hostile would: else nothing behind them would ever be reached.
    let assemble: @Sendable (_ parts: [[UInt8]], _ random: inout Mutator) -> [[UInt8]]

    /// - Throws: `BrokenPromise`, or an error that the parser does not declare.
    let parse: @Sendable (_ input: [[UInt8]], _ file: ScratchFile) throws -> Outcome

    init(
        _ name: String, isText: Bool, syntax: [[UInt8]], corpus: @escaping @Sendable () throws -> [[[UInt8]]],
        assemble: @escaping @Sendable ([[UInt8]], inout Mutator) -> [[UInt8]] = { parts, _ in parts },
        parse: @escaping @Sendable ([[UInt8]], ScratchFile) throws -> Outcome
    ) {
        self.name = name
        self.isText = isText
        self.syntax = syntax
        self.corpus = corpus
        self.assemble = assemble
        self.parse = parse
    }

    static func named(_ name: String) -> FuzzedParser? { all.first { $0.name == name } }
}

/// What a parser returned is not what it promises.
struct BrokenPromise: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }

    static func unless(_ condition: Bool, _ description: @autoclosure () -> String) throws {
        guard condition else { throw BrokenPromise(description()) }
    }
}
