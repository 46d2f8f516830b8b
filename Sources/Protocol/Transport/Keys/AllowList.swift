package import Diagnostics
internal import FileSystem
internal import Foundation
internal import Synchronization

/// The public keys that a coordinator lets in, from a file that may change while it runs: one `NAME KEY` a line, `#` for
/// comments.
package final class AllowList: Sendable {
    /// What reading the file again has changed.
    package struct Change: Hashable, Sendable {
        /// Names, sorted.
        package var added: [String]
        package var removed: [String]
    }

    private struct State {
        var names: [PublicKey: String] = [:]

        /// Tells one state of the file from another; nil where there is no file.
        var version: FileStatus?

        /// Why that version could not be read.
        var problem: Problem?
    }

    package let path: String

    /// Let in whatever the file says, with a name each.
    private let always: [PublicKey: String]
    private let read: Reader
    private let state: Mutex<State>

    /// - Throws: `Problem` where the file cannot be read, has a line that is none, or others can write to it.
    package convenience init(path: String, always: [PublicKey: String] = [:]) throws(Problem) {
        try self.init(path: path, always: always, read: Self.read)
    }

    typealias Reader = @Sendable (_ path: String) throws(Problem) -> [PublicKey: String]

    init(path: String, always: [PublicKey: String] = [:], read: @escaping Reader) throws(Problem) {
        self.path = path
        self.always = always
        self.read = read
        let version = FileStatus(path: path)
        state = Mutex(State(names: try read(path), version: version))
    }

    /// The name of a key that is let in; nil for any other.
    package func name(of key: PublicKey) -> String? {
        always[key] ?? state.withLock { $0.names[key] }
    }

    /// Reads the file again where it has changed since the last time; nil where it has not.
    ///
    /// - Throws: `Problem`, once for each problem; then the keys stay as they were, and the file is read again the
    ///   next time.
    package func reload() throws(Problem) -> Change? {
        let version = FileStatus(path: path)
        let known = state.withLock { $0 }
        guard known.version != version || known.problem != nil else { return nil }
        let names: [PublicKey: String]
        do {
            names = try read(path)
        } catch {
            state.withLock { state in
                state.version = version
                state.problem = error
            }
            if known.version == version, known.problem == error { return nil }
            throw error
        }
        return state.withLock { state in
            defer {
                state.names = names
                state.version = version
                state.problem = nil
            }
            let old = state.names
            return Change(
                added: names.filter { old[$0.key] == nil }.values.sorted(),
                removed: old.filter { names[$0.key] == nil }.values.sorted())
        }
    }

    /// Makes the file, with one key in it.
    ///
    /// - Throws: `Problem`, also where the file exists.
    package static func create(_ path: String, _ name: String, _ key: PublicKey) throws(Problem) {
        try PrivateFile.create(
            path,
            """
            # The workers that may join, one a line: a name and a public key. Changes count at once, without a restart.
            \(name) \(key)

            """)
    }

    /// Adds a key to the file.
    ///
    /// - Throws: `Problem`, also where the name is taken.
    package static func add(_ name: String, _ key: PublicKey, to path: String) throws(Problem) {
        guard try !read(path).values.contains(name) else {
            throw Problem(keyFile: path, "\(name) is in it already; choose another name, or remove its line")
        }
        try PrivateFile.append(path, line: "\(name) \(key)")
    }

    /// What a key may be called.
    package static func isName(_ text: String) -> Bool {
        text.utf8.count <= 64 && text.wholeMatch(of: #/[A-Za-z0-9][A-Za-z0-9._-]*/#) != nil
    }

    @Sendable private static func read(_ path: String) throws(Problem) -> [PublicKey: String] {
        var names: [PublicKey: String] = [:]
        let lines = try PrivateFile.read(path, .readable).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        for (index, line) in lines.enumerated() {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard let name = words.first, !name.hasPrefix("#") else { continue }
            guard isName(String(name)), words.count == 2, let key = PublicKey(String(words[1])) else {
                throw Problem(
                    keyFile: "\(path):\(index + 1)",
                    """
                    expected a name (letters, digits, ".", "_", "-") and a public key of 40 characters, \
                    found "\(line.prefix(80))"
                    """)
            }
            names[key] = String(name)
        }
        return names
    }
}
