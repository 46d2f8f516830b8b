internal import FileSystem

/// One tensor of a mapped model file. It keeps the file mapped.
public struct ModelTensor: Sendable {
    public let name: String
    public let type: TensorType
    /// Row-major, outermost dimension first: the file's dimensions reversed, so that a linear layer's weight is
    /// `[out, in]`. At least one dimension, none of them 0.
    public let shape: [Int]

    private let file: MappedFile
    /// Bytes in `file`; exactly those of the tensor's blocks.
    private let range: Range<Int>

    /// - Precondition: `range` lies inside `file` and has the length that `type` and `shape` ask for.
    init(name: String, type: TensorType, shape: [Int], file: MappedFile, range: Range<Int>) {
        self.name = name
        self.type = type
        self.shape = shape
        self.file = file
        self.range = range
    }

    /// Values in one row: the innermost dimension.
    public var rowLength: Int { shape[shape.count - 1] }

    /// The product of all dimensions but the innermost one.
    public var rowCount: Int { shape.dropLast().reduce(1, *) }

    /// Number `index` of the outermost dimension, of three or more: one expert's weight of all experts'.
    ///
    /// - Precondition: `0 <= index < shape[0]`.
    package func element(_ index: Int) -> ModelTensor {
        precondition(shape.count > 2 && (0..<shape[0]).contains(index), "element \(index) of \(name), \(shape)")
        let bytes = range.count / shape[0]
        let start = range.lowerBound + index * bytes
        return ModelTensor(
            name: "\(name)[\(index)]", type: type, shape: Array(shape.dropFirst()), file: file,
            range: start..<start + bytes)
    }

    /// The stored blocks, valid only inside `body`. They may start at any address: nothing is said about alignment.
    public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try file.withBytes(range, body)
    }

    /// Lets the system take back the memory that the stored blocks were read into; reading them again reads the file.
    public func release() { file.release(range) }
}
