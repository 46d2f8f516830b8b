internal import Diagnostics
internal import FileSystem
internal import Foundation
internal import Protocol
internal import Yams

/// One mapping of a configuration file. Reading a key marks it as known.
final class ConfigurationReader {
    private let file: ConfigurationFile
    private let mapping: Node.Mapping
    private let path: [String]
    private var known: [String] = []
    private var retired: [String: String] = [:]
    private var sections: [ConfigurationReader] = []

    init(file: ConfigurationFile, mapping: Node.Mapping, path: [String]) {
        self.file = file
        self.mapping = mapping
        self.path = path
    }

    func section(_ key: String, required: Bool = false) -> ConfigurationReader {
        var mapping: Node.Mapping = [:]
        if let node = node(key) {
            if let found = node.mapping {
                mapping = found
            } else if node.null == nil {
                file.report("\(name(key)): expected a section (indented keys), found \(describe(node))", at: node)
            }
        } else if required {
            file.report("section \"\(name(key))\" is missing")
        }
        let section = ConfigurationReader(file: file, mapping: mapping, path: path + [key])
        sections.append(section)
        return section
    }

    /// A section in place of which there may be something else.
    ///
    /// - Parameter expected: all that may be there, for messages.
    /// - Returns: nil where nothing is there, or what is neither, which is reported.
    func section(_ key: String, orElse expected: String) -> ConfigurationReader? {
        guard let node = node(key), node.null == nil else { return nil }
        guard let mapping = node.mapping else { return invalid(key, node, expected) }
        let section = ConfigurationReader(file: file, mapping: mapping, path: path + [key])
        sections.append(section)
        return section
    }

    /// Lets sections be that others read.
    func pass(over keys: [String]) { known += keys }

    /// Lets any other key be, for who reads only some of a section that another one reads.
    func passOverOthers() { pass(over: mapping.keys.compactMap(\.string)) }

    /// How many keys there are, known ones or not.
    var keyCount: Int { mapping.count }

    /// The sections of a list, in which a text stands for a section with the one key `shorthand`.
    func list(_ key: String, shorthand: String) -> [ConfigurationReader] {
        items(key).enumerated().compactMap { index, item in
            let mapping: Node.Mapping? = item.scalar == nil ? item.mapping : [Node(shorthand): item]
            guard let mapping else { return invalid(key, item, "a list of texts and sections") }
            let section = ConfigurationReader(file: file, mapping: mapping, path: path + ["\(key)[\(index)]"])
            sections.append(section)
            return section
        }
    }

    func strings(_ key: String) -> [String]? {
        guard let node = node(key), node.null == nil else { return nil }
        return items(key).compactMap { $0.scalar?.string ?? invalid(key, $0, "a list of texts") }
    }

    private func items(_ key: String) -> [Node] {
        guard let node = node(key), node.null == nil else { return [] }
        return node.sequence.map(Array.init) ?? invalid(key, node, "a list") ?? []
    }

    func string(_ key: String) -> String? {
        guard let node = node(key), node.null == nil else { return nil }
        guard let text = node.string, !text.isEmpty else {
            return invalid(key, node, "a text")
        }
        return text
    }

    func string(_ key: String, matching pattern: Regex<some Any>, _ expected: String) -> String? {
        guard let text = string(key) else { return nil }
        guard text.wholeMatch(of: pattern) != nil else { return invalid(key, node(key), expected) }
        return text
    }

    func path(_ key: String) -> String? {
        string(key).map { resolved($0, key, node(key)) }
    }

    private func resolved(_ text: String, _ key: String, _ node: Node?) -> String {
        do {
            return try file.resolve(text)
        } catch {
            file.report("\(name(key)): \(error.description)", at: node)
            // Not absent: that would be reported too.
            return text
        }
    }

    /// One path or a list of them, each of another file.
    ///
    /// - Parameter word: a word that may stand in place of a path, and is nil in the result.
    func paths(_ key: String, orWord word: String, countMax: Int) -> [String?]? {
        guard let node = node(key), node.null == nil else { return nil }
        let expected = "\(word), a path, or a list of them"
        let items = node.sequence.map(Array.init) ?? [node]
        guard (1...countMax).contains(items.count) else {
            file.report("\(name(key)): expected \(expected), 1 to \(countMax); found \(items.count)", at: node)
            return nil
        }
        var paths: [String?] = []
        var places: [FilePlace] = []
        for item in items {
            guard let text = item.string, !text.isEmpty, item.null == nil else { return invalid(key, item, expected) }
            let path = text == word ? nil : resolved(text, key, item)
            let place = path.map { FilePlace($0) }
            let isKnown = place.map { place in places.contains { $0.isSame(as: place) } } ?? paths.contains(nil)
            if isKnown { file.report("\(name(key)): expected each of them once, found \(text.quoted) again", at: item) }
            paths.append(path)
            places += [place].compactMap(\.self)
        }
        return paths
    }

    /// A path on another machine, whose shell expands it: looked at, and left as it is.
    func remotePath(_ key: String) -> String? {
        guard let text = string(key) else { return nil }
        do {
            _ = try PathText(text)
        } catch {
            file.report("\(name(key)): \(error.description)", at: node(key))
        }
        return text
    }

    /// Whether a key has this word in place of what is otherwise expected of it.
    func isWord(_ word: String, at key: String) -> Bool { node(key)?.string == word }

    /// - Parameter word: another word that is allowed, and is looked for elsewhere.
    func choice(_ key: String, of choices: [String], orWord word: String? = nil) -> String? {
        guard let text = string(key) else { return nil }
        guard choices.contains(text) else {
            let words = [word].compactMap(\.self) + choices
            return invalid(key, node(key), "one of \(words.joined(separator: ", "))")
        }
        return text
    }

    func choice<Value: Choice>(_ key: String, orWord word: String? = nil) -> Value? {
        choice(key, of: Value.names, orWord: word).flatMap(Value.init(rawValue:))
    }

    func choices<Value: Choice>(_ key: String) -> [Value]? {
        list(key, "a list of \(Value.names.joined(separator: ", "))") { node in
            node.scalar.flatMap { Value(rawValue: $0.string) }
        }
    }

    func integers(_ key: String, in range: ClosedRange<Int>) -> [Int]? {
        list(key, "a list of whole numbers from \(range.lowerBound) to \(range.upperBound)") { node in
            node.wholeNumber.flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// Numbers of which each is greater than the one before.
    ///
    /// - Parameter range: words that follow "numbers", for messages.
    func ascendingNumbers(
        _ key: String, _ range: String = "", where isAllowed: (Double) -> Bool = { _ in true }
    ) -> [Double]? {
        var last = -Double.infinity
        return list(key, "a list of ascending numbers\(range)") { node in
            guard let value = node.finiteNumber, value > last, isAllowed(value) else { return nil }
            last = value
            return value
        }
    }

    private func list<Value>(_ key: String, _ expected: String, _ read: (Node) -> Value?) -> [Value]? {
        guard let node = node(key), node.null == nil else { return nil }
        guard let elements = node.sequence else { return invalid(key, node, expected) }
        var values: [Value] = []
        for element in elements {
            guard let value = read(element) else { return invalid(key, element, expected) }
            values.append(value)
        }
        return values
    }

    func integer(_ key: String, in range: ClosedRange<Int>, orWord word: String? = nil) -> Int? {
        guard let node = node(key), node.null == nil else { return nil }
        guard let value = node.wholeNumber, range.contains(value) else {
            let words = word.map { "\($0) or " } ?? ""
            return invalid(key, node, "\(words)a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    /// nil where the key is absent or `auto`.
    func integerOrAuto(_ key: String, in range: ClosedRange<Int>) -> Int? {
        if node(key)?.string == "auto" { return nil }
        return integer(key, in: range, orWord: "auto")
    }

    func number(_ key: String, in range: ClosedRange<Double>) -> Double? {
        guard let node = node(key), node.null == nil else { return nil }
        guard let value = node.finiteNumber, range.contains(value) else {
            return invalid(key, node, "a number from \(range.lowerBound) to \(range.upperBound)")
        }
        return value
    }

    func boolean(_ key: String) -> Bool? {
        guard let node = node(key), node.null == nil else { return nil }
        guard let value = node.bool else { return invalid(key, node, "true or false") }
        return value
    }

    /// Reports a required key that is absent; where it is there, its own problem was reported already.
    func missing<Value>(_ key: String, _ substitute: Value) -> Value {
        let found = node(key)
        if found == nil || found?.null != nil { file.report("\(name(key)) is missing") }
        return substitute
    }

    func report(_ problem: String, at key: String? = nil) {
        file.report("\(path.joined(separator: ".")): \(problem)", at: key.flatMap(node))
    }

    /// Reports a key of earlier versions where it is there.
    ///
    /// - Parameter advice: what to say in its place.
    func retire(_ key: String, _ advice: String) { retired[key] = advice }

    func rejectUnknownKeys() {
        for key in mapping.keys {
            let text = key.string ?? ""
            guard !known.contains(text) else { continue }
            if let advice = retired[text] {
                file.report("\"\(name(text))\" is no key any more: \(advice)", at: key)
                continue
            }
            let nearest = known.min { $0.editDistance(to: text) < $1.editDistance(to: text) }
            let hint = nearest.flatMap { $0.editDistance(to: text) <= 2 ? "; did you mean \"\($0)\"?" : nil }
            file.report(
                "unknown key \"\(name(text))\"\(hint ?? "; known here: \(known.joined(separator: ", "))")", at: key)
        }
        sections.forEach { $0.rejectUnknownKeys() }
    }

    private func node(_ key: String) -> Node? {
        if !known.contains(key) { known.append(key) }
        return mapping[Node(key)]
    }

    private func name(_ key: String) -> String {
        (path + [key]).joined(separator: ".")
    }

    private func invalid<Value>(_ key: String, _ node: Node?, _ expected: String) -> Value? {
        let found = node.map(describe) ?? "nothing"
        file.report("\(name(key)): expected \(expected), found \(found)", at: node)
        return nil
    }

    private func describe(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): "\"\(scalar.string)\""
        case .sequence(let elements): elements.isEmpty ? "an empty list" : "a list"
        case .mapping: "a section"
        case .alias: "an alias"
        }
    }
}

extension Node {
    /// With a colon Yams takes a number for a sexagesimal one, and traps where that is too large.
    fileprivate var isSexagesimal: Bool { scalar?.string.contains(":") == true }

    /// YAML takes 010 for 8, and few who write it do.
    private var isOctal: Bool { scalar?.string.wholeMatch(of: #/[-+]?0[0-9_]+/#) != nil }

    fileprivate var wholeNumber: Int? { isSexagesimal || isOctal ? nil : int }
    fileprivate var finiteNumber: Double? { isSexagesimal ? nil : float.flatMap { $0.isFinite ? $0 : nil } }
}
