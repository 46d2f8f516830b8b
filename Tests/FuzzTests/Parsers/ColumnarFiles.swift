import Foundation
import SeededRandom

@testable import Columnar

extension FuzzedParser {
    /// Row groups and a footer, whose length is put right most of the time.
    static let parquet = FuzzedParser(
        "parquet", isText: false, syntax: [parquetMagic, [0x15], [0x19, 0x1C], [0xFF, 0xFF, 0xFF, 0xFF, 0x0F]],
        corpus: {
            try TestFiles.bytes(in: "ColumnarTests/Golden", endingIn: ".parquet").map { file in
                let end = file.count - 8 - Int(file.littleEndian(at: file.count - 8, byteCount: 4))
                return [Array(file[..<end]), Array(file[end..<(file.count - 8)])]
            }
        },
        assemble: { parts, random in
            let footer = parts.last ?? []
            let announced = random.oneIn(32) ? random.pick(Mutator.integers) : UInt64(footer.count)
            let length = withUnsafeBytes(of: UInt32(truncatingIfNeeded: announced).littleEndian, Array.init)
            return [Array(parts.dropLast().joined()) + footer + length + parquetMagic]
        },
        parse: { input, scratch in try readRows(of: scratch.path(holding: input[0])) })

    /// The messages of a stream, with their bodies.
    static let arrow = FuzzedParser(
        "arrow", isText: false, syntax: [[0xFF, 0xFF, 0xFF, 0xFF], Array("ARROW1\u{0}\u{0}".utf8)],
        corpus: {
            try TestFiles.bytes(in: "ColumnarTests/Golden", endingIn: ".arrow").map { file in
                let starts = file.indices.filter { index in
                    index.isMultiple(of: 8) && file[index...].starts(with: [0xFF, 0xFF, 0xFF, 0xFF])
                }
                let cuts = ([0] + starts + [file.count]).reduce(into: [Int]()) { if $0.last != $1 { $0.append($1) } }
                return zip(cuts, cuts.dropFirst()).map { Array(file[$0..<$1]) }
            }
        },
        assemble: { parts, _ in [Array(parts.joined())] },
        parse: { input, scratch in try readRows(of: scratch.path(holding: input[0])) })

    private static let parquetMagic = Array("PAR1".utf8)

    /// How many rows of a file are read: few bytes may stand for billions of nulls.
    private static let rowsMax = 1000

    private static let limits: ColumnarLimits = {
        var limits = ColumnarLimits()
        limits.rowBytesMax = 2 << 20
        limits.pageBytesMax = 2 << 20
        limits.batchBytesMax = 4 << 20
        return limits
    }()

    private static func readRows(of path: String) throws -> Outcome {
        var isOpen = false
        do {
            let reader = try ColumnarFile.open(path, limits: limits)
            isOpen = true
            var rest = rowsMax
            while rest > 0, let row = try reader.next() {
                rest -= 1
                try BrokenPromise.unless(
                    row.count == reader.schema.fields.count,
                    "a row has \(row.count) values, expected \(reader.schema.fields.count)")
                // Texts may be no UTF-8, which is an error of the row alone.
                do { _ = try reader.schema.json(row) } catch { continue }
            }
            try reader.start(atGroup: reader.groupRowCounts.count)
            try BrokenPromise.unless(try reader.next() == nil, "a row comes behind the last group")
        } catch let error as BrokenPromise {
            throw error
        } catch {
            try BrokenPromise.unless("\(error)".hasPrefix(path), "an error without the file's name: \(error)")
            return isOpen ? .refused : .refusedAtOnce
        }
        return .accepted
    }
}

// MARK: - Parts of files

extension FuzzedParser {
    /// Footers, page headers, schema messages, runs, differences, compressed data: a byte says for which decoder they are.
    static let columnarParts = FuzzedParser(
        "columnar-parts", isText: false, syntax: [],
        corpus: { try ColumnarPart.samples().map { [[$0.kind.rawValue], $0.bytes] } },
        assemble: { parts, random in
            // With each decoder its own parts most of the time.
            let kind = random.oneIn(8) ? UInt8(random.below(ColumnarPart.allCases.count)) : parts.first?.first ?? 0
            return [[kind, UInt8(random.below(256))] + parts.dropFirst().joined()]
        },
        parse: { input, _ in
            let kinds = ColumnarPart.allCases
            let kind = kinds[Int(input[0].first ?? 0) % kinds.count]
            do {
                try kind.decode(Array(input[0].dropFirst(2)), choice: Int(input[0].dropFirst().first ?? 0))
                return .accepted
            } catch is ColumnarProblem {
                return .refused
            }
        })
}

/// What a part of a columnar file is decoded as.
private enum ColumnarPart: UInt8, CaseIterable {
    case footer, pageHeader, schemaMessage, runs, deltas, deltaLengths, deltaTexts, splitBytes, dictionary, compressed
    case keyValues

    static func samples() throws -> [(kind: ColumnarPart, bytes: [UInt8])] {
        var samples: [(kind: ColumnarPart, bytes: [UInt8])] = []
        for file in try TestFiles.bytes(in: "ColumnarTests/Golden", endingIn: ".parquet") {
            let count = Int(file.littleEndian(at: file.count - 8, byteCount: 4))
            let footer = Array(file[(file.count - 8 - count)..<(file.count - 8)])
            samples += [(.footer, footer), (.pageHeader, Array(file[4..<min(300, file.count)]))]
            let metadata = try ParquetMetadata(ByteReader(footer))
            let schema = metadata.keyValues.first { $0.key == ArrowSchemaMessage.key }?.value ?? []
            guard let message = Data(base64Encoded: Data(schema)).map(Array.init) else { continue }
            samples += [(.schemaMessage, Array(message.dropFirst(8))), (.keyValues, message)]
        }
        for width in [1, 2, 5, 12] {
            var runs: [UInt8] = []
            RunLengthEncoder.append((0..<2000).map { $0 / 20 % (1 << width) }, width: width, to: &runs)
            samples.append((.runs, runs))
        }
        var random = SeededGenerator(seed: 3)
        for width: UInt8 in [0, 1, 13, 33, 64] {
            samples.append((.deltas, differences(count: 600, first: 5, widths: width, &random)))
        }
        let constant = differences(count: 600, first: 3, widths: 0, &random)
        samples.append((.deltaLengths, constant + random.bytes(1800)))
        samples.append(
            (.deltaTexts, differences(count: 600, first: 0, widths: 0, &random) + constant + random.bytes(1800)))
        samples.append((.splitBytes, random.bytes(8 * 3 * 600)))
        var texts: [UInt8] = [0, 0, 0, 0]
        for length in 1..<99 { texts.append(text: random.bytes(length), width: 0) }
        samples.append((.dictionary, texts))
        for compression in Compression.allCases { samples.append((.compressed, try compression.compress(texts))) }
        let json = #"{"info": {"features": {"a": {"dtype": "string", "_type": "Value"}}}, "b": [1, "x\"]"]}"#
        return samples + [(.keyValues, Array(json.utf8))]
    }

    private static func differences(
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

    /// - Parameter choice: of what a file says elsewhere: widths, counts, types.
    func decode(_ bytes: [UInt8], choice: Int) throws {
        let input = ByteReader(bytes)
        func values(_ values: any PageValues) throws { for _ in 0..<500 { _ = try values.next() } }
        switch self {
        case .footer: _ = try ParquetColumns(ParquetMetadata(input).schema, original: nil)
        case .pageHeader:
            var header = input
            _ = try ParquetPageHeader(&header)
        case .schemaMessage:
            var reader = ArrowFieldReader(ofMessage: bytes.count)
            let message = try FlatTable(root: bytes)
            let schema = try message.table(2) ?? message
            _ = try reader.fields(schema)
            _ = try reader.metadata(schema, 2)
        case .runs:
            var runs = try RunLengthDecoder(input, width: choice % 34)
            var levels = [UInt8](repeating: 0, count: 700)
            for _ in 0..<300 { _ = try runs.next() }
            try runs.fill(&levels, count: 700, most: UInt8(choice % 9))
        case .deltas: try values(DeltaValues(input, leaf(.int64, .int64)))
        case .deltaLengths: try values(DeltaLengthValues(input, leaf(.byteArray, .string)))
        case .deltaTexts:
            try values(DeltaTextValues(input, leaf(choice % 2 == 0 ? .byteArray : .fixedByteArray, .string)))
        case .splitBytes:
            let physical: ParquetPhysical = [.float, .double, .int96, .fixedByteArray][choice % 4]
            try values(SplitValues(input, leaf(physical, .binary(.regular))))
        case .dictionary:
            let count = choice % 9 == 0 ? 1 << (choice % 31) : choice % 99
            try values(
                DictionaryValues(input, try ParquetDictionary(input, count: count, leaf(.byteArray, .string))))
        case .compressed:
            let compression = Compression.allCases[choice % Compression.allCases.count]
            let byteCount = choice % 9 == 0 ? 1 << 22 : choice * 80
            _ = try compression.decompress(bytes[...], byteCount: byteCount)
        case .keyValues:
            _ = HuggingFaceFeatures.appending([ColumnarField("m", .double)], to: bytes)
            _ = try ArrowSchemaMessage.fields(in: [
                .init(key: ArrowSchemaMessage.key, value: Array(Data(bytes).base64EncodedData()))
            ])
        }
    }
}
