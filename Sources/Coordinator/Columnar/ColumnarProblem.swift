internal import Diagnostics
internal import FileSystem

/// What is wrong with a columnar file or with a value for one, and in which column: without the path, which is known
/// where the file is.
package struct ColumnarProblem: Error, Hashable, Sendable, CustomStringConvertible {
    private let words: String
    private let column: String?
    private let file: FileError?

    package init(_ words: String) {
        self.words = words
        column = nil
        file = nil
    }

    /// A file that could not be read.
    init(_ error: FileError) {
        words = error.problem
        column = nil
        file = error
    }

    private init(words: String, column: String?, file: FileError?) {
        self.words = words
        self.column = column
        self.file = file
    }

    /// The same, in a column, where none was named yet.
    func of(column: String) -> ColumnarProblem {
        ColumnarProblem(words: words, column: self.column ?? column, file: file)
    }

    /// - Parameter place: where in the file, such as a row; nil where that says nothing.
    func of(file path: String, at place: String? = nil) -> FileError {
        file ?? FileError(path: path, problem: (place.map { "\($0): " } ?? "") + description)
    }

    package var description: String { (column.map { "column \($0.quoted): " } ?? "") + words }
}

extension OpenFile {
    /// The same as ``read(_:at:)``, with an error as the formats' readers throw.
    func bytes(_ count: Int, at offset: Int) throws(ColumnarProblem) -> [UInt8] {
        do throws(FileError) { return try read(count, at: offset) } catch { throw ColumnarProblem(error) }
    }
}
