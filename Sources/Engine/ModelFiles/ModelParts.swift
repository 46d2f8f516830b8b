internal import Diagnostics
package import Digest
package import FileSystem

/// The files that a model is made of, in the order in which they are digested and sent: one GGUF file, the parts of a
/// split one, or those files of a folder that a model is read from.
package struct ModelParts: Hashable, Sendable {
    /// As it was named.
    package let path: String

    /// What is there, in the model's order.
    package let files: [FileIdentity]

    /// The files' names in it are the same wherever the model lies and whatever it is called. nil for one GGUF file,
    /// whose digest is the file's own.
    package let manifest: FileManifest?

    /// - Parameter path: a GGUF file, any part of one that was split, or a folder with `config.json`.
    /// - Throws: `ModelFileError` with the names of all files that are missing, or why the folder is no model's.
    package init(path: String) throws {
        self.path = path
        let several: [(name: String, path: String)]?
        if FileStatus(path: path)?.kind == .folder {
            several = try Self.fileNames(inFolder: path).map { ($0, "\(path)/\($0)") }
        } else {
            several = try GGUFFile.parts(of: path)
        }
        let named = several ?? [("", path)]
        var files: [FileIdentity] = []
        var missing: [String] = []
        for file in named {
            if let identity = FileIdentity(path: file.path) {
                files.append(identity)
            } else {
                missing.append(Self.fileName(file.path))
            }
        }
        guard missing.isEmpty else {
            throw ModelFileError(
                file: path, place: .file, what: "files", expected: "all \(named.count.counted("file")) of the model",
                found: "no file \(missing.listed)")
        }
        self.files = files
        do throws(FileManifestError) {
            guard several != nil else {
                manifest = nil
                return
            }
            manifest = try FileManifest(zip(named, files).map { .init(name: $0.name, byteCount: $1.byteCount) })
        } catch {
            throw ModelFileError(
                file: path, place: .file, what: "files", expected: "such as can be named to others",
                found: error.description)
        }
    }

    /// Its last part: the whole of a long path would be cut where files are listed.
    private static func fileName(_ path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    private static func fileNames(inFolder folder: String) throws -> [String] {
        let isThere = { (file: FolderFile) in FileStatus(path: "\(folder)/\(file.rawValue)") != nil }
        guard isThere(.configuration) else {
            throw ModelFileError(
                file: folder, place: .file, what: "folder",
                expected: "a model's, with \(FolderFile.configuration.rawValue)", found: "no such file in it")
        }
        return try FolderFile.allCases.filter(isThere).map(\.rawValue) + FolderTensors.fileNames(folder)
    }

    /// Bytes of all files.
    package var byteCount: UInt64 { manifest?.byteCount ?? files[0].byteCount }

    /// SHA-256 in lower-case hexadecimal: of the one file, or of the manifest's header and all files. Reads them to
    /// their ends.
    ///
    /// - Throws: `FileError`; `ModelFileError`; `Problem` where the model changed meanwhile.
    package func digest() throws -> String {
        let digest =
            if let manifest { try SHA256Digest(of: manifest, at: files.map(\.path)) } else {
                try SHA256Digest(ofFile: path)
            }
        let now = try ModelParts(path: path)
        guard now == self else {
            let changed = files.filter { !now.files.contains($0) } + now.files.filter { !files.contains($0) }
            var names: [String] = []
            for name in changed.map({ Self.fileName($0.path) }) where !names.contains(name) { names.append(name) }
            throw Problem("\(path): \(names.listed) changed while the model was read")
        }
        return digest.description
    }

    /// What to open of a folder that has only a model's files: the folder, or the first part of a split GGUF file in
    /// it.
    ///
    /// - Parameter names: of the files in it.
    package static func path(inFolder folder: String, names: [String]) -> String {
        let part = names.sorted().first { GGUFPartName($0)?.index == 0 }
        return part.map { "\(folder)/\($0)" } ?? folder
    }
}
