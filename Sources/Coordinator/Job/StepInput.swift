internal import Dataset
internal import Prompting
internal import Protocol

/// The file that a step reads, and how its rows become the texts that the model reads.
struct StepInput: Sendable {
    /// Which of the file's rows are the step's.
    enum Part: Hashable, Sendable {
        case all

        /// About so many: all rows of some prompts, which are drawn at random.
        case sample(rows: Int)

        /// Those that are not another step's.
        case rest(without: StepID)
    }

    let step: WorkStep
    let path: String
    let options: DatasetOptions
    let part: Part
    let template: Template
    let compatibility: Compatibility

    /// - Throws: `FileError` where the file cannot be read.
    func reader() throws -> DatasetReader { try DatasetReader(path: path, options: options) }

    func text(of pair: ResponsePair) -> RenderedItem {
        template.render(pair, purpose: options.purpose, compatibility: compatibility)
    }
}
