import Dataset

/// What a job can ask for.
enum ExistingColumnsChoice {
    case refuse, rename, replace
}

extension ExistingColumns {
    init(_ choice: ExistingColumnsChoice, path: String, options: DatasetOptions) throws {
        self =
            switch choice {
            case .refuse: .refused
            case .rename: try .renamed(asFreeIn: path, options: options)
            case .replace: .replaced
            }
    }
}
