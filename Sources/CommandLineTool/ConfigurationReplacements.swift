package import ArgumentParser

/// The `--set` option: values in place of a configuration's.
package struct ConfigurationReplacements: ParsableArguments {
    @Option(
        name: .customLong("set"),
        help: ArgumentHelp(
            """
            Put a value in place of the configuration's, for example cluster.listen=tcp://0.0.0.0:5711 or \
            'job.anchors=[own, a.jsonl]'; repeatable.
            """,
            valueName: "section.key=value"))
    package var overrides: [String] = []

    package init() {}

    /// For a command that may do without a configuration file.
    package func validate(configuration: String?) throws {
        guard configuration == nil, !overrides.isEmpty else { return }
        throw ValidationError("--set needs a configuration file, whose values it replaces")
    }
}
