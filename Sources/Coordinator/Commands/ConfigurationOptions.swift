internal import ArgumentParser
internal import CommandLineTool
internal import FileSystem
internal import JobConfiguration
internal import Protocol

/// The configuration that a command works with.
struct ConfigurationOptions: ParsableArguments {
    @Argument(help: "The job's configuration.", completion: .file(extensions: ["yaml", "yml"]))
    var configuration: String

    @OptionGroup
    private var replacements: ConfigurationReplacements

    /// - Parameter own: what a command puts in place of the file's values, besides what `--set` does.
    /// - Throws: `ConfigurationError`.
    func read(overriding own: [String] = []) throws -> Configuration {
        try Configuration(ofJob: configuration, overrides: replacements.overrides + own)
    }

    /// What it says of texts to generate.
    ///
    /// - Throws: `ConfigurationError`.
    func readInduction() throws -> InductionConfiguration {
        try InductionConfiguration(contentsOf: configuration, overrides: replacements.overrides)
    }

    /// The same for candidates.
    ///
    /// - Parameters:
    ///   - candidates: how many, of which column.
    ///   - prompts: their file, and `output` where the candidates go: as the command line has it.
    func readInduction(
        _ candidates: InductionConfiguration.Candidates, of prompts: String, output: String
    ) throws -> InductionConfiguration {
        let own = [("prompts", prompts), ("output", output)].map { key, path in
            // A configuration's paths have variables in them, the command line's none.
            "induction.\(key)=\(FilePlace.absolute(path).replacing("$", with: "$$"))"
        }
        return try InductionConfiguration(
            contentsOf: configuration, overrides: replacements.overrides + own, candidates: candidates)
    }
}
