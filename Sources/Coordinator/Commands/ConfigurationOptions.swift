internal import ArgumentParser
internal import CommandLineTool
internal import JobConfiguration
internal import Protocol

/// The configuration that a command works with.
struct ConfigurationOptions: ParsableArguments {
    @Argument(help: "The job's configuration.", completion: .file(extensions: ["yaml", "yml"]))
    var configuration: String

    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            """
            Put a value in place of the configuration's, for example cluster.listen=tcp://0.0.0.0:5711 or \
            'job.anchors=[own, a.jsonl]'; repeatable.
            """,
            valueName: "section.key=value"))
    var overrides: [String] = []

    /// - Throws: `ConfigurationError`.
    func read() throws -> Configuration {
        try Configuration(ofJob: configuration, overrides: overrides)
    }
}
