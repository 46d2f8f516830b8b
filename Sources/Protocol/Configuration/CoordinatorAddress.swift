internal import Foundation
internal import Yams

/// Where processes reach the coordinator of the job that a file describes, whatever kind of job it is.
package struct CoordinatorAddress: Hashable, Sendable {
    package let endpoint: String
    package let cluster: Configuration.Cluster

    /// Reads the configuration file at `path`. One without a section `job` is of texts to generate.
    ///
    /// - Parameter formats: nil takes any, for who does not read the rows.
    /// - Throws: `ConfigurationError`, also where the port is chosen only when the coordinator starts.
    package init(
        contentsOf path: String, overrides: [String] = [], formats: Configuration.FormatNames? = nil
    ) throws {
        let yaml = try ConfigurationFile.text(ofFile: path)
        let sections = try? ConfigurationFile(path: path, environment: [:]).compose(yaml)
        let source: String
        if let sections, sections[Node("job")] == nil, sections[Node("induction")] != nil {
            let configuration = try InductionConfiguration(yaml: yaml, path: path, overrides: overrides)
            (cluster, source) = (configuration.cluster, configuration.source)
        } else {
            let configuration = try Configuration(yaml: yaml, path: path, overrides: overrides, formats: formats)
            (cluster, source) = (configuration.cluster, configuration.source)
        }
        guard let endpoint = cluster.reachableEndpoint else {
            throw ConfigurationError(problems: [
                """
                \(source): cluster.listen (\(cluster.listen)) has no port to connect to; use --connect tcp://host:port
                """
            ])
        }
        self.endpoint = endpoint
    }
}
