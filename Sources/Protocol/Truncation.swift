/// What becomes of a text that has more tokens than a job takes or a model has places for.
package enum Truncation: String, Choice {
    /// Its row is not computed, and the reason says how many tokens there are.
    case error

    /// Its first tokens are left out, behind a BOS that the model expects. All texts of a row lose as many of their prompt,
    /// so that they still have that in common; a response that is too long by itself loses more.
    case keepEnd = "keep-end"

    /// Its last tokens are left out; some of the response must be left.
    case keepStart = "keep-start"
}
