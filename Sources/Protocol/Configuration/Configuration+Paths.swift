internal import FileSystem
internal import Foundation

extension Configuration {
    /// A path and what names it.
    package struct NamedPath: Hashable, Sendable {
        /// A key of the configuration, such as `job.output`, or words for what belongs to one.
        package var name: String
        package var path: String

        package init(_ name: String, _ path: String) {
            self.name = name
            self.path = path
        }
    }

    /// The files and folders of a job. What is written must be nothing of what is read, by whatever name: the results
    /// would take the place of what they were made from.
    package struct Paths: Hashable, Sendable {
        package var read: [NamedPath]

        /// Files that the job makes.
        package var written: [NamedPath]

        /// Folders that belong to the job, and whose files it may remove.
        package var folders: [NamedPath]

        package init(read: [NamedPath], written: [NamedPath], folders: [NamedPath]) {
            (self.read, self.written, self.folders) = (read, written, folders)
        }
    }

    /// - Parameter file: the configuration file.
    package func paths(ofFile file: String) -> Paths {
        var read = [NamedPath("job.input", job.input)]
        var written = Self.written("job.output", job.output, errors: job.errors)
        switch job.directionSource {
        case .fitted(let sources):
            read += sources.compactMap(\.path).map { NamedPath("job.anchors", $0) }
            written += [NamedPath("job.direction_output", job.directionOutput)]
        case .saved(let path): read.append(NamedPath("job.direction", path))
        }
        read += [NamedPath("model.path", model.path), NamedPath("this configuration", file)]
        if let keys = cluster.keys {
            read += [
                NamedPath("cluster.secret_key", keys.secretKey), NamedPath("cluster.allowed_keys", keys.allowedKeys),
            ]
        }
        var folders = [NamedPath("job.state", job.state)]
        if embedding.kept != nil { folders.append(NamedPath("job.embeddings", job.embeddings)) }
        return Paths(read: read, written: written, folders: folders)
    }

    /// An output and, where it is a job's, its errors file, its trust figures and its report; and what they are while they
    /// are written.
    package static func written(_ name: String, _ output: String, errors: String? = nil) -> [NamedPath] {
        guard !output.isEmpty else { return [] }
        let errorsName = name == "job.output" ? "job.errors" : "the errors of \(name)"
        var files = [(name, output)]
        if let errors {
            files += [
                (errorsName, errors),
                ("the trust figures of \(name)", Job.path(beside: output, ending: Job.trustEnding)),
                ("the report of \(name)", Job.path(beside: output, ending: Job.reportEnding)),
            ]
        }
        return files.flatMap { name, path in
            [NamedPath(name, path), NamedPath("the unfinished \(name)", FilePlace(path).path + ".partial")]
        }
    }
}

extension Configuration.Paths {
    /// For a command that leaves the job as it is: what else it reads and writes.
    package func besides(reading more: [Configuration.NamedPath] = [], writing output: [Configuration.NamedPath])
        -> Self
    {
        Self(read: read + written + more, written: output, folders: folders)
    }

    /// What is not to be, a sentence each.
    package var collisions: [String] {
        struct Known {
            var named: Configuration.NamedPath
            var place: FilePlace
        }
        func known(_ paths: [Configuration.NamedPath]) -> [Known] {
            // One that is missing is reported as that.
            paths.filter { !$0.path.isEmpty }.map { Known(named: $0, place: FilePlace($0.path)) }
        }
        let (read, written, folders) = (known(read), known(written), known(folders))
        var problems: [String] = []
        func report(_ one: Known, _ other: Known, _ relation: String) {
            let same = one.named.path == other.named.path ? "" : " (\(other.named.path))"
            problems.append("\(one.named.name) (\(one.named.path)) is \(relation) \(other.named.name)\(same)")
        }
        let made = written + folders
        for (index, one) in made.enumerated() {
            for other in read + made[..<index] where one.place.isSame(as: other.place) {
                report(one, other, "the same as")
            }
        }
        for one in made {
            for folder in folders where folder.named != one.named && !one.place.isSame(as: folder.place) {
                if one.place.isWithin(folder.place) { report(one, folder, "within") }
            }
            // A model may be one: any file that is put there may become a part of it.
            for folder in read where FileStatus(path: folder.named.path)?.kind == .folder {
                if one.place.isWithin(folder.place), !one.place.isSame(as: folder.place) {
                    report(one, folder, "within")
                }
            }
        }
        return problems
    }
}
