/// A statement as it was written.
indirect enum Statement: Sendable {
    enum Piece: Sendable {
        case text(Text)
        case expression(Expression)
    }

    struct Branch: Sendable {
        let test: Expression
        let body: [Statement]
    }

    struct Loop: Sendable {
        let target: AssignmentTarget
        let items: Expression
        let filter: Expression?
        let body: [Statement]
        let otherwise: [Statement]
        /// Scopes of the body, the filter and the else.
        let scopes: (body: Int, filter: Int, otherwise: Int)
        let position: JinjaPosition
    }

    struct MacroDefinition: Sendable {
        /// nil: the body of a `call` or `generation` block.
        let name: NameUse?
        let parameters: [Parameter]
        let body: [Statement]
        let scope: Int
        let position: JinjaPosition
    }

    struct Parameter: Sendable {
        let name: NameUse
        let fallback: Expression?
    }

    struct Assignment: Sendable {
        let target: AssignmentTarget
        let value: Expression
        let position: JinjaPosition
    }

    /// `{% set x %}…{% endset %}`
    struct BlockAssignment: Sendable {
        let target: AssignmentTarget
        let filter: Expression?
        let body: [Statement]
        let scope: Int
        let position: JinjaPosition
    }

    struct With: Sendable {
        let assignments: [Assignment]
        let body: [Statement]
        let scope: Int
    }

    struct FilterBlock: Sendable {
        let filter: Expression
        let body: [Statement]
        let scope: Int
    }

    /// `{% call(parameters) callee(arguments) %}…{% endcall %}`
    struct CallBlock: Sendable {
        let callee: Expression
        let arguments: Arguments
        let content: MacroDefinition
        let position: JinjaPosition
    }

    case output([Piece])
    case branches([Branch], otherwise: [Statement])
    case loop(Loop)
    case assignment(Assignment)
    case blockAssignment(BlockAssignment)
    case macro(MacroDefinition)
    case call(CallBlock)
    /// `{% generation %}…{% endgeneration %}`: what the assistant says.
    case generation(MacroDefinition)
    case filter(FilterBlock)
    case with(With)
    case endLoop
    case nextItem
}

/// What is set.
indirect enum AssignmentTarget: Sendable {
    case name(NameUse, JinjaPosition)
    /// An attribute of a namespace.
    case member(NameUse, Text, JinjaPosition)
    case tuple([AssignmentTarget], JinjaPosition)
}

extension AssignmentTarget {
    /// The variables that are set, and those whose attributes are.
    var uses: [(use: NameUse, isMember: Bool, position: JinjaPosition)] {
        switch self {
        case .name(let use, let position): [(use, false, position)]
        case .member(let use, _, let position): [(use, true, position)]
        case .tuple(let targets, _): targets.flatMap(\.uses)
        }
    }
}
