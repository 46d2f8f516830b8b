import Protocol
import Testing

@testable import JobConfiguration

@Suite struct ConfigurationHostsTests {
    @Test func hostsAreTextsOrSectionsAndTakeTheDefaults() throws {
        let cluster = try ConfigurationFixtures.read(
            ConfigurationFixtures.yaml(
                "cluster", "advertise: tcp://head:5711",
                "host_defaults: {command: /opt/legend-worker, port: 2222, ssh_options: [-i, key]}",
                "hosts: [10.0.0.7, {host: me@node2, port: 22, workers: 2, lanes: 8, model: ~/m.gguf}]")
        ).cluster
        #expect(cluster.advertise == "tcp://head:5711")
        #expect(
            cluster.hosts == [
                .init(
                    address: "10.0.0.7", port: 2222, workers: 1, lanes: nil, command: "/opt/legend-worker", model: nil,
                    sshOptions: ["-i", "key"]),
                .init(
                    address: "me@node2", port: 22, workers: 2, lanes: 8, command: "/opt/legend-worker",
                    model: "~/m.gguf", sshOptions: ["-i", "key"]),
            ])
    }

    @Test(arguments: [
        ("hosts: node1", ":8:10: cluster.hosts: expected a list, found \"node1\""),
        ("hosts: [[a]]", ":8:11: cluster.hosts: expected a list of texts and sections, found a list"),
        (
            "hosts: [-oProxyCommand=x]",
            ":8:11: cluster.hosts[0].host: expected HOST or USER@HOST, found \"-oProxyCommand=x\""
        ),
        ("hosts: [a, {port: 22}]", ": cluster.hosts[1].host is missing"),
        ("hosts: [{host: a, prot: 22}]", ":8:21: unknown key \"cluster.hosts[0].prot\"; did you mean \"port\"?"),
        (
            "host_defaults: {workers: 0}",
            ":8:28: cluster.host_defaults.workers: expected a whole number from 1 to 1024, found \"0\""
        ),
        ("advertise: head", ":8:14: cluster.advertise: expected tcp://HOST:PORT, found \"head\""),
    ])
    func aWrongHostIsReportedWithItsPlace(_ line: String, _ problem: String) throws {
        #expect(try ConfigurationFixtures.problems(ConfigurationFixtures.yaml("cluster", line)) == [problem])
    }

    @Test func aValueThatIsSetTakesTheFilesPlace() throws {
        let configuration = try Configuration(
            yaml: ConfigurationFixtures.yaml("cluster", "lanes: 2", "attempts: 5"), path: ConfigurationFixtures.path,
            overrides: ["cluster.lanes=4", "job.name=a=b", "embedding.token=mean"])
        #expect(configuration.cluster.lanes == 4 && configuration.cluster.attempts == 5)
        #expect(configuration.job.name == "a=b" && configuration.embedding.token == .meanText)
    }

    @Test func aListOrASectionIsSetAsYAMLHasThem() throws {
        let configuration = try Configuration(
            yaml: ConfigurationFixtures.minimal, path: ConfigurationFixtures.path,
            overrides: [
                "job.anchors=[own, 'a b.jsonl']", "margin.bins={quantiles: 5}", "job.name=a[1]",
                "embedding.template={prompt} {response}",
            ])
        #expect(configuration.embedding.template == "{prompt} {response}")
        for (value, template) in [
            (#""Q: {prompt}\nA: {response}""#, "Q: {prompt}\nA: {response}"),
            ("{prompt}\n{response}", "{prompt}\n{response}"),
            (#"'{prompt}: {response}'"#, "{prompt}: {response}"),
            (#""{prompt}" {response}"#, #""{prompt}" {response}"#),
            (#""{prompt}" "{response}""#, #""{prompt}" "{response}""#),
            (#""Q: *{prompt}*\nA: {response}""#, "Q: *{prompt}*\nA: {response}"),
        ] {
            let configuration = try Configuration(
                yaml: ConfigurationFixtures.minimal, path: ConfigurationFixtures.path,
                overrides: ["embedding.template=" + value])
            #expect(configuration.embedding.template == template)
        }
        #expect(configuration.job.directionSource.anchors.map(\.path?.isEmpty) == [nil, false])
        #expect(configuration.job.directionSource.anchors[1].path?.hasSuffix("/a b.jsonl") == true)
        #expect(configuration.margin.bins == .quantiles(5) && configuration.job.name == "a[1]")
    }

    @Test(arguments: [
        ("margin.bins={quantiles: 0}", "margin.bins.quantiles: expected a whole number from 2 to 1000, found \"0\""),
        ("cluster.lanes=many", "cluster.lanes: expected auto or a whole number from 1 to 1024, found \"many\""),
        ("cluster.lanes=010", "cluster.lanes: expected auto or a whole number from 1 to 1024, found \"010\""),
        ("cluster.lane=4", "unknown key \"cluster.lane\"; did you mean \"lanes\"?"),
        (
            #"embedding.template="\d{prompt}{response}""#,
            #"embedding.template: expected a text in quotes as YAML has it, found "\d{prompt}{response}""#
        ),
        ("lanes=4", "expected SECTION.KEY=VALUE, found \"lanes=4\""),
    ])
    func aWrongValueThatIsSetIsReported(_ override: String, _ problem: String) throws {
        let error = try #require(throws: ConfigurationError.self) {
            try Configuration(
                yaml: ConfigurationFixtures.minimal, path: ConfigurationFixtures.path, overrides: [override])
        }
        #expect(error.problems == ["--set: \(problem)"])
    }

    /// It is not taken away by what is set in it.
    @Test func aSectionThatIsNoneIsReportedAtItsPlace() throws {
        let yaml = ConfigurationFixtures.minimal + "cluster: 5\n"
        let problems = #expect(throws: ConfigurationError.self) {
            try Configuration(yaml: yaml, path: ConfigurationFixtures.path, overrides: ["cluster.lanes=2"])
        }?.problems
        #expect(problems?.count == 1 && problems?[0].contains(".yaml:") == true)
        #expect(problems?[0].hasSuffix("cluster: expected a section (indented keys), found \"5\"") == true)
    }

    /// What is of the file has its place there; what is of both names both.
    @Test func aProblemNamesWhatItIsOf() throws {
        func problems(_ yaml: String, _ override: String) throws -> [String] {
            try #require(throws: ConfigurationError.self) {
                try Configuration(yaml: yaml, path: ConfigurationFixtures.path, overrides: [override])
            }.problems
        }
        let path = ConfigurationFixtures.path
        let wrong = try problems(
            ConfigurationFixtures.yaml("cluster", "lanes: many", "hosts: [a, {host: b, port: 0}]"),
            "cluster.attempts=few")
        #expect(wrong.count == 3 && wrong.count { $0.hasPrefix("--set: cluster.attempts: ") } == 1)
        #expect(wrong.count { $0.wholeMatch(of: #/.*\.yaml:[0-9]+:[0-9]+: .*/#) != nil } == 2)
        #expect(
            try problems(ConfigurationFixtures.minimal, "embedding.keep_layers=[3]") == [
                "\(path) with --set: embedding: keep_layers and keep_tokens need keep_embeddings: true"
            ])
    }
}
