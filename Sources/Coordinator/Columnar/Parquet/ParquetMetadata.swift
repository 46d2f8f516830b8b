internal import Diagnostics

/// What a Parquet file says of itself at its end:
/// https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift (`FileMetaData`).
struct ParquetMetadata {
    var schema: [ParquetElement] = []
    var rowCount = 0
    var rowGroups: [ParquetRowGroup] = []
    var keyValues: [ColumnarMetadata] = []
}

/// How values are stored (`Type`).
enum ParquetPhysical: Int32 {
    case boolean, int32, int64, int96, float, double, byteArray, fixedByteArray
}

/// What values mean, in the words of either of the format's generations (`LogicalType`, `ConvertedType`).
enum ParquetLogical: Equatable {
    case string, enumeration, json, bson, uuid, half, date, unknown, list, map, interval
    case decimal(precision: Int, scale: Int)
    case time(ColumnarType.TimeUnit, isUTC: Bool)
    case timestamp(ColumnarType.TimeUnit, isUTC: Bool)
    case integer(bits: Int, isSigned: Bool)

    /// One that nobody here knows, by its name or number.
    case other(String)
}

/// A node of the schema, which is a list of all nodes, each before its children (`SchemaElement`).
struct ParquetElement: Equatable {
    enum Repetition: Int32 {
        case required, optional, repeated
    }

    var name: String
    var repetition = Repetition.required

    /// nil of a group.
    var physical: ParquetPhysical?

    /// Bytes of a value of ``ParquetPhysical/fixedByteArray``.
    var byteCount = 0
    var childCount = 0
    var logical: ParquetLogical?
    var number: Int32?
}

/// (`RowGroup`)
struct ParquetRowGroup {
    var rowCount = 0
    var columns: [ParquetChunk] = []
}

/// The pages of a column in a row group (`ColumnChunk`, `ColumnMetaData`).
struct ParquetChunk {
    var physical: ParquetPhysical = .boolean

    /// The format's number of the codec.
    var codec: Int32 = 0

    /// Nulls, and empty lists, are counted.
    var valueCount = 0
    var compressedBytes = 0
    var uncompressedBytes = 0
    var dataOffset = 0
    var dictionaryOffset: Int?

    /// A file that it is in instead of this one.
    var isElsewhere = false
    var isEncrypted = false

    /// For what is written only.
    var nullCount = 0
    var encodings: [ParquetEncoding] = []

    /// Where its pages are.
    var offset: Int {
        // Of no pages of values there is no place.
        [dataOffset, dictionaryOffset ?? 0].filter { $0 > 0 }.min() ?? 0
    }
}

/// How the values of a page are stored (`Encoding`).
enum ParquetEncoding: Int32 {
    case plain = 0
    case plainDictionary = 2
    case runLength
    case bitPacked
    case deltaBinaryPacked
    case deltaLengthByteArray
    case deltaByteArray
    case runLengthDictionary
    case byteStreamSplit
}

extension Compression {
    /// - Parameter codec: the format's number (`CompressionCodec`).
    init(parquet codec: Int32) throws(ColumnarProblem) {
        switch codec {
        case 0: self = .none
        case 1: self = .snappy
        case 2: self = .gzip
        case 6: self = .zstd
        default:
            let names: [Int32: String] = [3: "LZO", 4: "BROTLI", 5: "LZ4", 7: "LZ4_RAW"]
            throw ColumnarProblem(
                """
                expected data that are uncompressed or compressed with snappy, gzip or zstd, found \
                \(names[codec] ?? "codec \(codec)"): write the file with compression='snappy'
                """)
        }
    }

    var parquetCodec: Int32 {
        switch self {
        case .none: 0
        case .snappy: 1
        case .gzip: 2
        case .zstd: 6
        }
    }
}
