import Dataset

/// What a job can ask for.
enum ExistingColumnsChoice {
    case refuse, rename, replace
}

extension ExistingColumns {
    init(_ choice: ExistingColumnsChoice, path: String, options: DatasetOptions) throws {
        self =
            switch choice {
            case .refuse: Self(.refused)
            case .rename: try Self(renamedAsFreeIn: path, options: options)
            case .replace: Self(.replaced)
            }
    }
}
