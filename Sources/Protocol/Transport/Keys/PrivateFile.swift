internal import Diagnostics
internal import FileSystem
internal import Foundation

extension Problem {
    /// - Parameters:
    ///   - path: of a key file, or the file of the allowed keys.
    ///   - problem: what was expected and found; never a secret.
    init(keyFile path: String, _ problem: String) {
        self.init("\(path): \(problem)", isOfConfiguration: true)
    }

    fileprivate init(_ error: FileError) {
        self.init(keyFile: error.path, error.problem)
    }
}

/// A small text file that is nobody else's business.
enum PrivateFile {
    /// Who else may do what with a file that is read.
    enum Rule {
        /// Others may neither read nor write it.
        case secret

        /// Others may read it.
        case readable

        fileprivate var forbidden: UInt32 {
            switch self {
            case .secret: 0o077
            case .readable: 0o022
            }
        }
    }

    /// Makes the file with mode 0600; it is never there with another mode. Where it cannot be written, it is removed.
    ///
    /// - Throws: `Problem` where a file of that name exists.
    static func create(_ path: String, _ text: String) throws(Problem) {
        do throws(FileError) {
            let file = try OpenFile(path, .makingNew, permissions: 0o600)
            do throws(FileError) {
                try file.write(Array(text.utf8))
                try file.sync()
            } catch {
                // Why it could not be written says more than that it could not be removed.
                try? FolderEntry.remove(path)
                throw error
            }
        } catch {
            guard error.code == EEXIST else { throw Problem(error) }
            throw Problem(keyFile: path, "cannot make it: it is there already, and is not overwritten")
        }
    }

    /// Adds a line at the end of a file, in one piece.
    static func append(_ path: String, line: String) throws(Problem) {
        let text = try read(path, .readable)
        do throws(FileError) {
            let file = try OpenFile(path, .appending)
            try file.write(Array(((text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + line + "\n").utf8))
            try file.sync()
        } catch {
            throw Problem(error)
        }
    }

    /// - Throws: `Problem` where there is none, it is too large to be one, or others may do more with it than
    ///   `rule` says.
    static func read(_ path: String, _ rule: Rule) throws(Problem) -> String {
        let bytes: [UInt8]
        let status: FileStatus
        do throws(FileError) {
            let file = try OpenFile(path, .reading)
            status = try file.status()
            bytes = status.kind == .file ? try file.readToEnd(limit: bytesMax + 1) : []
        } catch {
            throw Problem(error)
        }
        guard status.kind == .file else { throw Problem(keyFile: path, "expected a file") }
        try check(status, rule, path)
        guard bytes.count <= bytesMax else {
            throw Problem(keyFile: path, "expected at most \(bytesMax) bytes")
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Problem(keyFile: path, "expected a text file, as keygen makes it, found other bytes")
        }
        return text
    }

    private static let bytesMax = 16 << 20

    private static func check(_ status: FileStatus, _ rule: Rule, _ path: String) throws(Problem) {
        let isOwn = status.owner == geteuid() || rule == .readable && status.owner == 0
        guard isOwn else {
            throw Problem(
                keyFile: path,
                """
                it belongs to user \(status.owner), this program runs as user \(geteuid()): run it as the \
                former, or chown \(geteuid()) \(path)
                """)
        }
        guard status.permissions & rule.forbidden == 0 else {
            let mode = "0" + String(status.permissions & 0o777, radix: 8)
            let problem =
                switch rule {
                case .secret: "others can read it (mode \(mode)), so it is no secret: chmod 600 \(path)"
                case .readable: "others can write to it (mode \(mode)), and let in whom they like: chmod 600 \(path)"
                }
            throw Problem(keyFile: path, problem)
        }
    }
}
