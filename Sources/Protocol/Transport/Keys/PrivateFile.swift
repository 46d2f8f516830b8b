internal import Foundation

/// What is wrong with a key file, or the file of the allowed keys.
package struct KeyFileError: Error, Hashable, Sendable, CustomStringConvertible {
    package var path: String

    /// What was expected and found; never a secret.
    package var problem: String

    package var description: String { "\(path): \(problem)" }
}

/// A small text file that is nobody else's business.
enum PrivateFile {
    /// Who else may do what with a file that is read.
    enum Rule {
        /// Others may neither read nor write it.
        case secret

        /// Others may read it.
        case readable

        fileprivate var forbiddenMode: mode_t {
            switch self {
            case .secret: 0o077
            case .readable: 0o022
            }
        }
    }

    /// Makes the file with mode 0600; it is never there with another mode. Where it cannot be written, it is removed.
    ///
    /// - Throws: `KeyFileError` where a file of that name exists.
    static func create(_ path: String, _ text: String) throws(KeyFileError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            let reason = errno == EEXIST ? "it is there already, and is not overwritten" : describe(errno)
            throw KeyFileError(path: path, problem: "cannot make it: \(reason)")
        }
        defer { close(descriptor) }
        do {
            try write(text, to: descriptor, path)
        } catch {
            unlink(path)
            throw error
        }
    }

    /// Adds a line at the end of a file, in one piece.
    static func append(_ path: String, line: String) throws(KeyFileError) {
        let text = try read(path, .readable)
        let descriptor = open(path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw KeyFileError(path: path, problem: "cannot add to it: \(describe(errno))") }
        defer { close(descriptor) }
        try write((text.isEmpty || text.hasSuffix("\n") ? "" : "\n") + line + "\n", to: descriptor, path)
    }

    /// - Throws: `KeyFileError` where there is none, it is too large to be one, or others may do more with it than
    ///   `rule` says.
    static func read(_ path: String, _ rule: Rule) throws(KeyFileError) -> String {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw KeyFileError(path: path, problem: "cannot read it: \(describe(errno))") }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw KeyFileError(path: path, problem: "expected a file")
        }
        try check(status, rule, path)
        let data: Data
        do {
            data = try file.read(upToCount: bytesMax + 1) ?? Data()
        } catch {
            throw KeyFileError(path: path, problem: "cannot read it: \(error)")
        }
        guard data.count <= bytesMax else {
            throw KeyFileError(path: path, problem: "expected at most \(bytesMax) bytes")
        }
        guard let text = String(validating: data, as: UTF8.self) else {
            throw KeyFileError(path: path, problem: "expected a text file, as keygen makes it, found other bytes")
        }
        return text
    }

    private static let bytesMax = 16 << 20

    private static func check(_ status: stat, _ rule: Rule, _ path: String) throws(KeyFileError) {
        let isOwn = status.st_uid == geteuid() || rule == .readable && status.st_uid == 0
        guard isOwn else {
            throw KeyFileError(
                path: path,
                problem: """
                    it belongs to user \(status.st_uid), this program runs as user \(geteuid()): run it as the \
                    former, or chown \(geteuid()) \(path)
                    """)
        }
        guard status.st_mode & rule.forbiddenMode == 0 else {
            let mode = "0" + String(status.st_mode & 0o777, radix: 8)
            let problem =
                switch rule {
                case .secret: "others can read it (mode \(mode)), so it is no secret: chmod 600 \(path)"
                case .readable: "others can write to it (mode \(mode)), and let in whom they like: chmod 600 \(path)"
                }
            throw KeyFileError(path: path, problem: problem)
        }
    }

    private static func write(_ text: String, to descriptor: Int32, _ path: String) throws(KeyFileError) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw KeyFileError(path: path, problem: "cannot write it: \(describe(errno))") }
            rest = rest.dropFirst(count)
        }
        guard fsync(descriptor) == 0 else {
            throw KeyFileError(path: path, problem: "cannot write it: \(describe(errno))")
        }
    }

    private static func describe(_ code: Int32) -> String { String(cString: strerror(code)) }
}
