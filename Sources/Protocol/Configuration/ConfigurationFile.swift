internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import Yams

/// A configuration file in reading: collects its problems, so that all are reported at once.
final class ConfigurationFile {
    /// No file is longer, in bytes: a configuration has a few hundred.
    static let byteCountMax = 1 << 20

    /// An alias stands for all of what it names, aliases in it included: of a few lines a hundred names can make a tree
    /// that nobody gets to the end of.
    private static let aliasCountMax = 32

    let path: String

    /// Of the variables in paths.
    private let environment: [String: String]
    private(set) var problems: [String] = []

    private static let option = "--set"
    private var isOverridden = false

    /// What a problem is of that has no place in the file.
    var source: String { isOverridden ? "\(path) with \(Self.option)" : path }

    init(path: String, environment: [String: String]) {
        self.path = path
        self.environment = environment
    }

    /// The text of the configuration file at `path`.
    ///
    /// - Throws: `ConfigurationError` where it cannot be read.
    static func text(ofFile path: String) throws -> String {
        func failure(_ reason: String) -> ConfigurationError {
            ConfigurationError(problems: ["\(path): cannot read the configuration: \(reason)"])
        }
        let limit = byteCountMax
        let bytes: Data?
        do {
            // Not the whole of whatever is there: the path may be a dataset's.
            bytes = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).read(upToCount: limit + 1)
        } catch {
            let isThere = FileManager.default.fileExists(atPath: path)
            throw failure(isThere ? "it is not UTF-8 text, or not readable" : "no such file")
        }
        guard bytes?.count ?? 0 <= limit else { throw failure("expected at most \(limit) bytes, found more") }
        guard let yaml = String(data: bytes ?? Data(), encoding: .utf8) else {
            throw failure("it is not UTF-8 text, or not readable")
        }
        return yaml
    }

    /// - Parameter node: what the problem is of; nil where it is of the whole.
    func report(_ problem: String, at node: Node? = nil) {
        let place =
            switch (node, node?.mark) {
            case (nil, _): source
            case (_, let mark?): "\(path):\(mark.line):\(mark.column)"
            // What is of the file has a mark.
            case (_, nil): Self.option
            }
        problems.append("\(place): \(problem)")
    }

    /// - Throws: `ConfigurationError` where the text is no YAML mapping.
    func compose(_ yaml: String) throws -> Node.Mapping {
        let aliases = Self.aliasCount(in: yaml)
        guard aliases <= Self.aliasCountMax else {
            throw ConfigurationError(problems: [
                "\(path): expected at most \(Self.aliasCountMax) aliases (*name), found \(aliases)"
            ])
        }
        do {
            guard let mapping = try Yams.compose(yaml: yaml)?.mapping else {
                throw ConfigurationError(problems: ["\(path): expected a mapping with the sections job, model, …"])
            }
            return mapping
        } catch let error as YamlError {
            throw ConfigurationError(problems: ["\(path): not valid YAML: \(error)"])
        }
    }

    /// Puts the value of `section.key=value` in place of the file's: a list, a section or a text in quotes where it is that in
    /// YAML, else the text itself, which may be a template that begins with a bracket. A text in quotes that YAML cannot read is
    /// a problem.
    func apply(_ override: String, to root: inout Node.Mapping) {
        guard let match = override.wholeMatch(of: #/([a-z0-9_]+)\.([a-z0-9_]+)=((?s).*)/#) else {
            return problems.append("\(Self.option): expected SECTION.KEY=VALUE, found \(override.quoted)")
        }
        isOverridden = true
        let (name, key, text) = (String(match.1), String(match.2), String(match.3))
        let old = root[Node(name)]
        // What is no section is reported at its place.
        if let old, old.mapping == nil, old.null == nil { return }
        var value = Node(text)
        if text.wholeMatch(of: #/(?s)"(\\.|[^"\\])*"|'([^']|'')*'/#) != nil {
            guard let quoted = try? Yams.compose(yaml: text), quoted.scalar != nil, let quoted = quoted.withoutMarks
            else {
                return problems.append(
                    "\(Self.option): \(name).\(key): expected a text in quotes as YAML has it, found \(text.excerpt())")
            }
            value = quoted
        } else if let first = text.first, "[{".contains(first), Self.aliasCount(in: text) == 0,
            let list = (try? Yams.compose(yaml: text))?.flatMap(\.withoutMarks)
        {
            value = list
        }
        var section = old?.mapping ?? [:]
        section[Node(key)] = value
        root[Node(name)] = .mapping(section)
    }

    /// Counts what may be an alias: a few stars in texts may be among them.
    private static func aliasCount(in yaml: String) -> Int {
        let bytes = Array(yaml.utf8)
        return bytes.indices.count { index in
            guard bytes[index] == UInt8(ascii: "*"), index + 1 < bytes.count else { return false }
            let standsAlone = index == 0 || " \t\r\n[{,:?-".utf8.contains(bytes[index - 1])
            return standsAlone && bytes[index + 1] > UInt8(ascii: " ") && bytes[index + 1] != UInt8(ascii: "*")
        }
    }

    /// The path in the file, made absolute from the file's folder; variables and a leading `~` are expanded.
    ///
    /// - Throws: `Problem`.
    func resolve(_ value: String) throws(Problem) -> String {
        let folder = (FilePlace.absolute(path) as NSString).deletingLastPathComponent
        return FilePlace.absolute(try PathText(value).expanded(in: environment), in: folder)
    }
}

extension Node {
    /// Without its place, which is not one of the file; nil for an alias.
    fileprivate var withoutMarks: Node? {
        switch self {
        case .scalar(let scalar): return Node(scalar.string, scalar.tag, scalar.style)
        case .sequence(let sequence):
            let nodes = sequence.compactMap(\.withoutMarks)
            return nodes.count == sequence.count ? Node(nodes) : nil
        case .mapping(let mapping):
            let pairs = mapping.compactMap { key, value in
                key.withoutMarks.flatMap { key in value.withoutMarks.map { (key, $0) } }
            }
            return pairs.count == mapping.count ? Node(pairs) : nil
        case .alias: return nil
        }
    }
}
