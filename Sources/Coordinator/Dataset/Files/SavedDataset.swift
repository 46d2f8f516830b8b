internal import Diagnostics
internal import FileSystem
internal import JSON

/// What `save_to_disk` of Hugging Face's `datasets` writes beside its Arrow files.
struct SavedDataset {
    /// Names in the folder, in the order of the rows.
    let files: [String]

    /// Files that describe a dataset, and hold no rows.
    static let descriptions = ["state.json", "dataset_info.json", "dataset_dict.json", "dataset_infos.json"]

    private static let bytesMax = 16 << 20

    /// nil where the folder has no `state.json`.
    ///
    /// - Throws: ``FileError`` where that is not what `datasets` writes, or selects rows by indices.
    init?(_ folder: String) throws(FileError) {
        guard let (path, state) = try Self.object("state.json", in: folder) else { return nil }
        guard let list = state.value(of: "_data_files")?.elements else {
            throw FileError(
                path: path, problem: "expected a list \"_data_files\", as save_to_disk writes it, found none")
        }
        var files: [String] = []
        for element in list {
            guard let name = (try? element.object())?.value(of: "filename")?.string, !name.contains("/"), !name.isEmpty
            else {
                throw FileError(
                    path: path, problem: "\"_data_files\": expected a \"filename\" in the folder in each, found none")
            }
            files.append(name)
        }
        guard !files.isEmpty else {
            throw FileError(path: path, problem: "\"_data_files\": expected files, found none")
        }
        if let indices = state.value(of: "_indices_data_files"), indices.kind != .null {
            throw FileError(
                path: path,
                problem: """
                    "_indices_data_files" selects rows, which is not read: Dataset.flatten_indices makes a dataset without it
                    """)
        }
        self.files = files
    }

    /// The splits of a `DatasetDict`, each a folder; nil where the folder has no `dataset_dict.json`.
    static func splits(in folder: String) throws(FileError) -> [String]? {
        guard let (path, dictionary) = try object("dataset_dict.json", in: folder) else { return nil }
        let names = dictionary.value(of: "splits")?.elements?.map(\.string)
        guard let names, !names.isEmpty, names.allSatisfy({ $0.map { !$0.contains("/") && !$0.isEmpty } == true })
        else {
            throw FileError(path: path, problem: "expected \"splits\" with the names of folders, found something else")
        }
        return names.compactMap(\.self)
    }

    private static func object(
        _ name: String, in folder: String
    ) throws(FileError) -> (path: String, object: JSONObject)? {
        let path = "\(folder)/\(name)"
        guard FileStatus(path: path)?.kind == .file else { return nil }
        let bytes = try OpenFile(path, .reading).readToEnd(limit: bytesMax)
        do throws(RowProblem) {
            return (path, try JSONObject(line: bytes))
        } catch {
            throw FileError(path: path, problem: "\(error)")
        }
    }
}
