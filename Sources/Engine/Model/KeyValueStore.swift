import CKernels

/// The keys and values of one layer for every row of a micro-batch, in the attention kernel's layout. Each layer
/// overwrites the one before.
struct KeyValueStore {
    let shape: legend_heads
    let keys: FloatBuffer
    let values: FloatBuffer

    /// Rows that fit: `rows` rounded up to whole blocks.
    var capacity: Int { Int(shape.capacity) }

    init(configuration: LlamaConfiguration, rows: Int) {
        let block = Int(LEGEND_BLOCK)
        let capacity = (rows + block - 1) / block * block
        let paddedHead = (configuration.headDimension + block - 1) / block * block
        shape = legend_heads(
            heads: Int32(configuration.headCount), kv_heads: Int32(configuration.keyValueHeadCount),
            head_dim: Int32(configuration.headDimension), capacity: Int64(capacity))
        keys = FloatBuffer(count: configuration.keyValueHeadCount * capacity * configuration.headDimension)
        values = FloatBuffer(count: configuration.keyValueHeadCount * capacity * paddedHead)
    }
}
