/// Floats at a fixed address, aligned to a cache line and zero at first. Scratch and packed weights live in these.
///
/// Not `Sendable`: one lane owns its buffers.
final class FloatBuffer {
    static let alignment = 64

    let count: Int
    let base: UnsafeMutablePointer<Float>

    init(count: Int) {
        self.count = count
        let bytes = max(count, 1) * MemoryLayout<Float>.stride
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: Self.alignment)
        base = memory.initializeMemory(as: Float.self, repeating: 0, count: max(count, 1))
    }

    deinit { UnsafeMutableRawPointer(base).deallocate() }

    var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }

    /// The `count` elements from `offset` on; traps outside of the buffer.
    subscript(offset: Int, count count: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(offset >= 0 && count >= 0 && offset + count <= self.count, "outside of the buffer")
        return UnsafeMutableBufferPointer(start: base + offset, count: count)
    }
}
