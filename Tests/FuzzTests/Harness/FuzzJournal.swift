import Foundation

/// What the process that parses tells the one that waits for it, in memory that both have mapped from a file: it outlives
/// a trap.
final class FuzzJournal {
    enum Field: Int, CaseIterable {
        // From the waiting process.
        case parser, seed, first, count
        // From the parsing one.
        case current, reached, accepted, memoryAtStart, memoryPeak, slowest, slowestMicroseconds, messageBytes
    }

    private static let messageStart = 8 * Field.allCases.count
    private static let byteCount = 1 << 14

    private let path: String
    private let isOwner: Bool
    private let memory: UnsafeMutableRawPointer

    /// - Parameter process: the waiting one.
    private init(process: pid_t, isOwner: Bool) throws {
        path = NSTemporaryDirectory() + "legend-fuzz-\(process)"
        self.isOwner = isOwner
        let descriptor = open(path, isOwner ? O_RDWR | O_CREAT | O_TRUNC : O_RDWR, 0o600)
        guard descriptor >= 0, ftruncate(descriptor, off_t(Self.byteCount)) == 0,
            let memory = mmap(nil, Self.byteCount, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0),
            memory != MAP_FAILED
        else { throw CocoaError(.fileWriteUnknown, userInfo: [NSFilePathErrorKey: path]) }
        close(descriptor)
        self.memory = memory
    }

    static func create() throws -> FuzzJournal { try FuzzJournal(process: getpid(), isOwner: true) }

    static func ofParentProcess() throws -> FuzzJournal { try FuzzJournal(process: getppid(), isOwner: false) }

    deinit {
        munmap(memory, Self.byteCount)
        if isOwner { unlink(path) }
    }

    subscript(field: Field) -> UInt64 {
        get { memory.load(fromByteOffset: 8 * field.rawValue, as: UInt64.self) }
        set { memory.storeBytes(of: newValue, toByteOffset: 8 * field.rawValue, as: UInt64.self) }
    }

    /// Why the parsing process ended, where it could say.
    var message: String {
        get {
            let bytes = UnsafeRawBufferPointer(start: memory + Self.messageStart, count: Int(self[.messageBytes]))
            return String(decoding: bytes, as: UTF8.self)
        }
        set {
            let bytes = Array(newValue.utf8.prefix(Self.byteCount - Self.messageStart))
            (memory + Self.messageStart).copyMemory(from: bytes, byteCount: bytes.count)
            self[.messageBytes] = UInt64(bytes.count)
        }
    }
}
