/// How much a file may ask for, whatever it claims.
package struct ColumnarLimits: Sendable {
    /// Bytes of a row in memory.
    package var rowBytesMax = 64 << 20

    /// Bytes of a Parquet page, decompressed.
    package var pageBytesMax = 256 << 20

    /// Bytes of an Arrow record batch or dictionary that have to be in memory: all of it where it is compressed.
    package var batchBytesMax = 1 << 30

    /// Bytes of a Parquet footer, or of the metadata of an Arrow message.
    package var metadataBytesMax = 128 << 20

    package init() {}

    /// Fields of a schema, nested ones counted.
    static let fieldsMax = 1 << 16

    /// Fields around a field.
    static let depthMax = 48
}
