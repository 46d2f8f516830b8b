/// How much a template may take: it is foreign code. Reaching a bound ends the rendering with an error of the kind
/// ``JinjaError/Kind/limit``.
package struct JinjaLimits: Hashable, Sendable {
    /// Steps of the rendering: each expression and statement that is evaluated, each item of a loop, each comparison,
    /// and one for every 32 bytes that are read or written. Some 20 million are a second.
    package var steps = 10_000_000

    /// Bytes of the rendered text.
    package var outputBytes = 16 << 20

    /// Bytes of one text that the template builds.
    package var textBytes = 16 << 20

    /// Elements of one list or entries of one mapping that the template builds.
    package var elements = 200_000

    /// Bytes of all texts, lists and mappings that the template builds during one rendering, whether they are still
    /// in use or not. It bounds the memory.
    package var builtBytes = 256 << 20

    /// How deeply statements and expressions are evaluated inside each other, calls of macros included. A level takes
    /// about 2 KiB of the thread's stack in an optimised build, and about 12 KiB in a debug build.
    package var evaluationDepth = 200

    /// How deeply lists and mappings are nested, those of the input included.
    package var valueDepth = 100

    package init() {}
}

/// Bounds on a template's source. They are no choice of the caller: a parsed template is never deeper.
enum SourceLimits {
    /// Nested statements, and nested expressions.
    static let depth = 100

    static let bytes = 1 << 20
}
