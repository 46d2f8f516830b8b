internal import FileSystem

/// A Parquet file that is open, and what its footer says.
final class ParquetFooter {
    static let magic = Array("PAR1".utf8)

    /// Of a file whose footer is encrypted.
    static let encryptedMagic = Array("PARE".utf8)

    let file: OpenFile
    let fileSize: Int
    let limits: ColumnarLimits
    let metadata: ParquetMetadata

    /// Where the pages end and the footer begins.
    let dataEnd: Int

    /// Reads the footer alone.
    init(path: String, limits: ColumnarLimits) throws(FileError) {
        file = try OpenFile(path, .reading)
        let status = try file.status()
        guard status.kind == .file else {
            throw FileError(path: path, problem: "expected a regular file, found something else")
        }
        fileSize = Int(status.byteCount)
        self.limits = limits
        do throws(ColumnarProblem) {
            (metadata, dataEnd) = try Self.read(file, fileSize, limits)
        } catch {
            throw error.of(file: path)
        }
    }

    private static func read(
        _ file: borrowing OpenFile, _ fileSize: Int, _ limits: ColumnarLimits
    ) throws(ColumnarProblem) -> (ParquetMetadata, dataEnd: Int) {
        guard fileSize >= 12 else {
            throw ColumnarProblem("expected a Parquet file of at least 12 bytes, found \(fileSize)")
        }
        let (beginning, tail) = (try file.bytes(4, at: 0), try file.bytes(8, at: fileSize - 8))
        guard beginning != encryptedMagic, !tail.suffix(4).elementsEqual(encryptedMagic) else {
            throw ColumnarProblem("expected a file that is not encrypted, found one that is")
        }
        guard beginning == magic, tail.suffix(4).elementsEqual(magic) else {
            throw ColumnarProblem("expected a Parquet file, which begins and ends with PAR1: was it cut off?")
        }
        let byteCount = Int(tail.littleEndian(at: 0, byteCount: 4))
        guard byteCount <= fileSize - 12, byteCount <= limits.metadataBytesMax else {
            throw ColumnarProblem("a footer of \(byteCount) bytes in a file of \(fileSize)")
        }
        let start = fileSize - 8 - byteCount
        let bytes = try file.bytes(byteCount, at: start)
        do throws(ColumnarProblem) {
            return (try ParquetMetadata(ByteReader(bytes)), start)
        } catch {
            throw ColumnarProblem("the footer: \(error)")
        }
    }
}
