/// A chat template: what turns a conversation into the one text that a language model reads.
///
/// The language is the subset of Jinja2 that such templates are written in, rendered as `apply_chat_template` of
/// https://github.com/huggingface/transformers does: `trim_blocks`, `lstrip_blocks`, an immutable sandbox, `break` and
/// `continue`, the `generation` tag, `raise_exception`, `strftime_now`, and `tojson` that escapes neither HTML nor
/// what is beyond ASCII. What is not understood is an error when the template is read, which names it and its place.
///
/// A template is foreign code: it can reach nothing but the variables it is given, and takes no more time and memory
/// than ``JinjaLimits`` allows.
package struct JinjaTemplate: Sendable {
    private let program: Program

    /// - Throws: ``JinjaError`` of the kinds syntax, unsupported and limit.
    package init(_ source: String) throws(JinjaError) {
        program = try Resolver.program(source)
    }

    /// Whether a variable of that name could change what is rendered.
    package func reads(_ variable: String) -> Bool {
        (program.scopes + [program.root]).contains { scope in
            scope.loads.contains { load in
                guard case .variable(variable) = load.source else { return false }
                return true
            }
        }
    }

    /// - Parameters:
    ///   - variables: by name. Of equal names the last one counts.
    ///   - now: what `strftime_now` takes for the date.
    /// - Throws: ``JinjaError``, of the kind raised where the template refuses its input.
    package func render(
        _ variables: [(String, JinjaValue)], limits: JinjaLimits = JinjaLimits(), now: JinjaDate
    ) throws(JinjaError) -> JinjaRendering {
        JinjaRendering(try Interpreter.render(program, variables, limits, now))
    }
}
