internal import ArgumentParser
internal import CommandLineTool
internal import JobConfiguration
internal import Protocol

/// The configuration that a command works with.
struct ConfigurationOptions: ParsableArguments {
    @Argument(help: "The job's configuration.", completion: .file(extensions: ["yaml", "yml"]))
    var configuration: String

    @OptionGroup
    private var replacements: ConfigurationReplacements

    /// - Throws: `ConfigurationError`.
    func read() throws -> Configuration {
        try Configuration(ofJob: configuration, overrides: replacements.overrides)
    }
}
