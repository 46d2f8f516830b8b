#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// Floats at a fixed address, aligned to a cache line and zero at first. Scratch and packed weights live in these.
///
/// Not `Sendable`: one lane owns its buffers.
final class FloatBuffer {
    static let alignment = 64

    let count: Int
    let base: UnsafeMutablePointer<Float>
    private let memory: UnsafeMutableRawPointer

    init(count: Int) {
        self.count = count
        // Pages that calloc has from the system are zero already: large buffers take memory only where they are used.
        guard let memory = calloc(1, count * MemoryLayout<Float>.stride + Self.alignment) else {
            fatalError("out of memory: \(count) floats")
        }
        self.memory = memory
        base = memory.alignedUp(toMultipleOf: Self.alignment).bindMemory(to: Float.self, capacity: count)
    }

    deinit { free(memory) }

    /// The same memory as 32-bit words.
    var words: UnsafeMutablePointer<UInt32> { UnsafeMutableRawPointer(base).assumingMemoryBound(to: UInt32.self) }

    var elements: UnsafeMutableBufferPointer<Float> { UnsafeMutableBufferPointer(start: base, count: count) }

    /// The `count` elements from `offset` on; traps outside of the buffer.
    subscript(offset: Int, count count: Int) -> UnsafeMutableBufferPointer<Float> {
        precondition(offset >= 0 && count >= 0 && offset + count <= self.count, "outside of the buffer")
        return UnsafeMutableBufferPointer(start: base + offset, count: count)
    }
}
