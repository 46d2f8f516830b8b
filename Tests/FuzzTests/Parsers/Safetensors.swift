internal import Diagnostics
import Margins
import Protocol
import Safetensors

@testable import Coordinator

extension FuzzedParser {
    static let safetensors = FuzzedParser(
        "safetensors", isText: true, syntax: safetensorsSyntax,
        corpus: {
            [
                try tensorFile(
                    TensorFile(
                        tensors: [
                            "a": .init(shape: [2, 3], values: [1, 2, 3, 4, 5, .nan]),
                            "é": .init(shape: [], values: [7]),
                            "empty": .init(shape: [4, 0], values: []),
                        ],
                        metadata: ["format": "legend-direction-1", "\"": "\u{0}\n"])),
                try tensorFile(TensorFile(tensors: ["direction": .init(shape: [1], values: [1])], metadata: [:])),
                try tensorFile(TensorFile(tensors: [:], metadata: [:])),
            ]
        },
        assemble: assembledTensorFile,
        parse: { input, _ in
            try checkHeader(of: input[0])
            let file: TensorFile
            do {
                file = try TensorFile(serialized: input[0])
            } catch let error as SafetensorsError {
                let first = ["at least 8", "does not fit into", "not JSON"]
                return first.contains { error.description.contains($0) } ? .refusedAtOnce : .refused
            }
            for (name, tensor) in file.tensors {
                try BrokenPromise.unless(
                    tensor.shape.allSatisfy { $0 >= 0 } && tensor.values.count == tensor.shape.reduce(1, *),
                    "tensor \(name) of shape \(tensor.shape) has \(tensor.values.count) values")
            }
            let values = file.tensors.values.reduce(0) { $0 + $1.values.count }
            try BrokenPromise.unless(
                values <= input[0].count, "\(values) values come from \(input[0].count) bytes")
            let again = try file.serialized()
            try BrokenPromise.unless(
                try TensorFile(serialized: again).serialized() == again, "is written as another file")
            return .accepted
        })

    /// Kept embeddings are read by their header alone, and may be of other types.
    private static func checkHeader(of file: [UInt8]) throws {
        do {
            let start = try SafetensorsHeader.byteCount(prefix: file.prefix(8), fileBytes: file.count)
            let header = try SafetensorsHeader(serialized: file[..<start], dataBytes: file.count - start)
            for (name, tensor) in header.tensors {
                try BrokenPromise.unless(
                    tensor.range.upperBound <= file.count - start
                        && tensor.range.count == tensor.shape.reduce(tensor.type.byteCount, *),
                    "tensor \(name) of shape \(tensor.shape) lies at \(tensor.range) of \(file.count - start) bytes")
            }
            let bytes = header.tensors.values.reduce(0) { $0 + $1.range.count }
            try BrokenPromise.unless(bytes <= file.count - start, "tensors have more bytes than the file")
        } catch is SafetensorsError {}
    }

    /// A direction that another job saved.
    static let direction = FuzzedParser(
        "direction", isText: true, syntax: safetensorsSyntax,
        corpus: {
            let direction = SavedDirection(
                direction: try Direction(difference: [3, -4, 0.5]),
                provenance: .init(
                    model: "m", modelSHA256: String(repeating: "0a", count: 32), tokenizer: "gpt2", template: "alpaca",
                    compatibility: .none,
                    layer: 2,
                    layerCount: 2, token: .lastToken, precision: .f32, numericBuild: "n", anchorsSHA256: "1b",
                    anchorPairs: 10, software: "0"))
            var categories = direction
            categories.categories = CategoryDirections(
                column: "area", names: ["a", "b"],
                directions: [try Direction(difference: [1, 0, 0]), try Direction(difference: [0, 1, 2])],
                units: [.identity, .init(scale: 0.5, offset: 2)])
            return try [direction, categories].map { try tensorFile(TensorFile(serialized: $0.serialized())) }
        },
        assemble: assembledTensorFile,
        parse: { input, _ in
            let saved: SavedDirection
            do {
                saved = try SavedDirection(serialized: input[0], path: "p")
            } catch let error as Problem {
                return error.description.contains("safetensors file") ? .refusedAtOnce : .refused
            }
            let length = saved.direction.unit.reduce(0) { $0 + $1 * $1 }
            try BrokenPromise.unless(abs(length - 1) < 1e-3, "the direction's length is \(length)")
            _ = saved.scorer
            _ = saved.conflicts(
                modelSHA256: nil, template: "alpaca", compatibility: .none, readout: Readout(-1, .lastToken))
            return .accepted
        })

    private static let safetensorsSyntax = [
        "{", "}", "[", "]", "\"", ":", ",", "{\"a\":", "\"__metadata__\":{", "\"shape\":[", "\"data_offsets\":[0,4]",
        "F32", "F16", "I64", "F8_E4M3", "BF16", "F64", "BOOL",
        "\\u0000", "\\ud800", "null", "1e400", "-",
    ].map { Array($0.utf8) }

    /// Header and data.
    private static func tensorFile(_ file: TensorFile) throws -> [[UInt8]] {
        let bytes = try file.serialized()
        let dataStart = 8 + bytes[..<8].reversed().reduce(0) { $0 << 8 | Int($1) }
        return [Array(bytes[8..<dataStart]), Array(bytes[dataStart...])]
    }

    @Sendable private static func assembledTensorFile(_ parts: [[UInt8]], _ random: inout Mutator) -> [[UInt8]] {
        let header = parts.first ?? []
        let announced = random.oneIn(32) ? random.pick(Mutator.integers) : UInt64(header.count)
        return [withUnsafeBytes(of: announced.littleEndian, Array.init) + header + parts.dropFirst().joined()]
    }
}
