import Foundation
import SeededRandom
import Testing

@testable import Columnar

/// Damaged files and damaged parts of files: whatever comes, it is read or it is an error, in little memory and time.
///
/// `COLUMNAR_FUZZ_INPUTS` says how many inputs of each kind, `COLUMNAR_FUZZ_SEED` which ones.
@Suite(.serialized) struct FuzzTests {
    private static let environment = ProcessInfo.processInfo.environment
    private static let count = environment["COLUMNAR_FUZZ_INPUTS"].flatMap { Int($0) } ?? 3000
    private static let seed = environment["COLUMNAR_FUZZ_SEED"].flatMap { UInt64($0) } ?? 1

    /// How many rows of a file are read: few bytes may stand for billions of nulls.
    private static let rowsMax = 3000

    private static let limits: ColumnarLimits = {
        var limits = ColumnarLimits()
        limits.rowBytesMax = 16 << 20
        limits.pageBytesMax = 16 << 20
        limits.batchBytesMax = 32 << 20
        return limits
    }()

    /// The greatest peak of the process's memory, in bytes; what the tests before took counts.
    private static let memoryMax = 256 << 20

    private func memoryPeak() -> Int {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return line.flatMap { Int($0.filter(\.isNumber)) }.map { $0 << 10 } ?? 0
    }

    /// Swift Testing takes a backtrace of every error that is thrown, and keeps many: too much for a million of them.
    private func forgetThrownErrors() {
        guard Self.count > 10_000 else { return }
        for hook in ["_swift_willThrow", "_swift_willThrowTypedImpl"] {
            dlsym(nil, hook)?.storeBytes(of: 0, as: UInt.self)
        }
    }

    private func corpus() throws -> [[UInt8]] {
        var corpus: [[UInt8]] = []
        for name in Golden.parquetFiles + Golden.arrowFiles { corpus.append(try Golden.bytes(name)) }
        var random = RandomColumns(seed: Self.seed)
        for compression in Compression.allCases {
            let schema = try random.schema()
            var options = ParquetWriter.Options()
            options.compression = compression
            options.rowGroupRows = 20
            let rows = (0..<30).map { _ in schema.fields.map { random.value($0) } }
            corpus.append(try parquetFile(schema, rows, options))
        }
        return corpus
    }

    @Test func noFileBreaksAReader() throws {
        forgetThrownErrors()
        let corpus = try corpus()
        let file = try ScratchFile()
        var random = Damage(seed: Self.seed)
        var (opened, read, slowest): (Int, Int, (Duration, Int)) = (0, 0, (.zero, 0))
        for number in 0..<Self.count {
            var bytes = corpus[random.below(corpus.count)]
            random.damage(&bytes, with: corpus)
            try file.write(bytes)
            let start = ContinuousClock.now
            do {
                let reader = try ColumnarFile.open(file.path, limits: Self.limits)
                opened += 1
                var left = Self.rowsMax
                while left > 0, let row = try reader.next() {
                    left -= 1
                    // Texts may be no UTF-8, which is an error of the row alone.
                    if number % 4 == 0 { _ = try? reader.schema.json(row) }
                }
                read += 1
                try reader.start(atGroup: reader.groupRowCounts.count)
                #expect(try reader.next() == nil)
            } catch {
                #expect("\(error)".hasPrefix(file.path), "input \(number)")
            }
            let duration = ContinuousClock.now - start
            if duration > slowest.0 { slowest = (duration, number) }
        }
        print(
            """
            \(Self.count) files of seed \(Self.seed): \(opened) were opened, \(read) read to the end; the slowest, \
            \(slowest.1), took \(slowest.0); memory at its peak \(memoryPeak() >> 20) MiB
            """)
        #expect(opened > Self.count / 20, "most inputs fail at the first check")
        #expect(memoryPeak() < Self.memoryMax)
    }

    @Test func noBytesBreakADecoder() throws {
        forgetThrownErrors()
        let valid = try validParts()
        let allBytes = valid.map(\.bytes)
        var random = Damage(seed: Self.seed ^ 0xDEC0)
        var accepted = 0
        for _ in 0..<Self.count {
            var (kind, bytes) = valid[random.below(valid.count)]
            if random.oneIn(8) { kind = random.below(11) }
            if random.oneIn(8) { bytes = random.generator.bytes(random.below(300)) }
            if !random.oneIn(16) { random.damage(&bytes, with: allBytes) }
            do {
                try decode(bytes, kind, &random)
                accepted += 1
            } catch {
                #expect(error is ColumnarProblem)
            }
        }
        print("\(Self.count) parts, \(accepted) accepted; memory at its peak \(memoryPeak() >> 20) MiB")
        #expect(accepted > Self.count / 10)
        #expect(memoryPeak() < Self.memoryMax)
    }

    /// Footers, page headers, schema messages, runs, differences, compressed data, with the decoder that they are for.
    private func validParts() throws -> [(kind: Int, bytes: [UInt8])] {
        var parts: [(kind: Int, bytes: [UInt8])] = []
        for name in Golden.parquetFiles {
            let bytes = try Golden.bytes(name)
            let count = Int(bytes.littleEndian(at: bytes.count - 8, byteCount: 4))
            let footer = Array(bytes[(bytes.count - 8 - count)..<(bytes.count - 8)])
            parts += [(0, footer), (1, Array(bytes[4..<min(300, bytes.count)]))]
            let metadata = try ParquetMetadata(ByteReader(footer))
            let schema = metadata.keyValues.first { $0.key == ArrowSchemaMessage.key }?.value ?? []
            let message = try #require(Data(base64Encoded: Data(schema)).map(Array.init))
            parts += [(2, Array(message.dropFirst(8))), (10, message)]
        }
        for width in [1, 2, 5, 12] {
            var runs: [UInt8] = []
            RunLengthEncoder.append((0..<2000).map { $0 / 20 % (1 << width) }, width: width, to: &runs)
            parts.append((3, runs))
        }
        var random = SeededGenerator(seed: Self.seed)
        for width: UInt8 in [0, 1, 13, 33, 64] {
            parts.append((4, differences(count: 600, first: 5, widths: width, &random)))
        }
        let constant = differences(count: 600, first: 3, widths: 0, &random)
        parts.append((5, constant + random.bytes(1800)))
        parts.append((6, differences(count: 600, first: 0, widths: 0, &random) + constant + random.bytes(1800)))
        parts.append((7, random.bytes(8 * 3 * 600)))
        var texts: [UInt8] = [0, 0, 0, 0]
        for length in 1..<99 { texts.append(text: random.bytes(length), width: 0) }
        parts.append((8, texts))
        for compression in Compression.allCases { parts.append((9, try compression.compress(texts))) }
        let json = #"{"info": {"features": {"a": {"dtype": "string", "_type": "Value"}}}, "b": [1, "x\"]"]}"#
        return parts + [(10, Array(json.utf8))]
    }

    private func differences(
        count: Int, first: UInt64, widths: UInt8, _ random: inout SeededGenerator
    ) -> [UInt8] {
        var bytes: [UInt8] = []
        for number in [128, 4, UInt64(count), first << 1] { bytes.append(varint: number) }
        for start in stride(from: 1, to: count, by: 128) {
            bytes.append(0)
            bytes += [widths, widths, widths, widths]
            let miniblocks = min(4, (count - start + 31) / 32)
            bytes += random.bytes(miniblocks * Int(widths) * 4)
        }
        return bytes
    }

    private func leaf(_ physical: ParquetPhysical, _ type: ColumnarType) -> LeafConversion {
        LeafConversion(
            ParquetLeaf(
                index: 0, path: ["a"], physical: physical, byteCount: 3, type: type, maxDefinition: 1, maxRepetition: 0)
        )
    }

    private func decode(_ bytes: [UInt8], _ kind: Int, _ random: inout Damage) throws {
        let input = ByteReader(bytes)
        func values(_ values: any PageValues) throws { for _ in 0..<500 { _ = try values.next() } }
        switch kind {
        case 0: _ = try ParquetColumns(ParquetMetadata(input).schema, original: nil)
        case 1:
            var header = input
            _ = try ParquetPageHeader(&header)
        case 2:
            var reader = ArrowFieldReader(ofMessage: bytes.count)
            let message = try FlatTable(root: bytes)
            let schema = try message.table(2) ?? message
            _ = try reader.fields(schema)
            _ = try reader.metadata(schema, 2)
        case 3:
            let width = random.below(34)
            var runs = try RunLengthDecoder(input, width: width)
            var levels = [UInt8](repeating: 0, count: 700)
            for _ in 0..<300 { _ = try runs.next() }
            try runs.fill(&levels, count: 700, most: UInt8(random.below(9)))
        case 4: try values(DeltaValues(input, leaf(.int64, .int64)))
        case 5: try values(DeltaLengthValues(input, leaf(.byteArray, .string)))
        case 6: try values(DeltaTextValues(input, leaf(random.oneIn(2) ? .byteArray : .fixedByteArray, .string)))
        case 7:
            let physical: ParquetPhysical = [.float, .double, .int96, .fixedByteArray][random.below(4)]
            try values(SplitValues(input, leaf(physical, .binary(.regular))))
        case 8:
            let dictionary = try ParquetDictionary(
                input, count: random.below(random.oneIn(9) ? 1 << 31 : 99), leaf(.byteArray, .string))
            try values(DictionaryValues(input, dictionary))
        case 9:
            let compression = Compression.allCases[random.below(4)]
            _ = try compression.decompress(bytes[...], byteCount: random.below(random.oneIn(9) ? 1 << 28 : 20_000))
        default:
            _ = HuggingFaceFeatures.appending([ColumnarField("m", .double)], to: bytes)
            _ = try ArrowSchemaMessage.fields(in: [
                .init(key: ArrowSchemaMessage.key, value: Array(Data(bytes).base64EncodedData()))
            ])
        }
    }
}
