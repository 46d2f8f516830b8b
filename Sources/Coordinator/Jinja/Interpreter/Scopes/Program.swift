/// A template that is ready to be rendered: its statements, and what each name in them stands for.
struct Program: Sendable {
    let body: [Statement]

    /// By the number of a name's use.
    let places: [Place]

    /// By scope.
    let scopes: [Scope]

    /// The template's own scope, the outermost one.
    let root: Scope

    /// Slots of the outermost activation.
    let rootSlotCount: Int

    /// Where a variable is.
    struct Place: Hashable, Sendable {
        /// How many macros further out: 0 is the activation that runs.
        var hops: Int
        var slot: Int
    }

    /// What happens to variables where a scope begins and ends.
    struct Scope: Sendable {
        enum Source: Sendable {
            /// A variable of the rendering, or a function that all templates have.
            case variable(String)
            /// The variable of that name further out.
            case outer(Place)
            /// Undefined, until it is set.
            case nothing
        }

        struct Load: Sendable {
            let slot: Int
            let source: Source
        }

        /// In the order of slots.
        var loads: [Load] = []

        /// All variables of the scope: they are gone when a block of it ends.
        var slots: [Int] = []

        /// For the scope of a macro: slots of its activation, and of what it is called with.
        var macro = MacroSlots()

        /// For the body of a loop: where `loop` is, if it is used.
        var loop: Int?
    }

    struct MacroSlots: Sendable {
        var slotCount = 0
        var parameters: [Int] = []
        var caller: Int?
        var varargs: Int?
        var kwargs: Int?
    }
}
