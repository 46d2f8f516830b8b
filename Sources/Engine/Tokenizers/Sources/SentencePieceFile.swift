internal import Diagnostics
import ModelFiles

/// A model of SentencePiece (https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto).
struct SentencePieceFile {
    enum ModelType: Int {
        case unigram = 1
        case bytePair = 2
        case word = 3
        case character = 4
    }

    let path: String
    private(set) var names: [[UInt8]] = []
    private(set) var scores: [Float] = []
    private(set) var kinds: [TokenKind] = []
    private(set) var type = ModelType.unigram
    private(set) var takesBytes = false
    private(set) var spacesAreSuffixes = false
    private(set) var bosToken = 1
    private(set) var eosToken = 2
    private(set) var charsMapBytes: [UInt8] = []
    private(set) var charsMap: CharsMap?
    private(set) var addsDummyPrefix = true
    private(set) var removesExtraWhitespaces = true
    private(set) var escapesWhitespaces = true

    /// - Throws: `ModelFileError`.
    init(_ bytes: [UInt8], path: String) throws {
        self.path = path
        do {
            var reader = ProtobufReader(bytes[...])
            while let (number, value) = try reader.next() {
                switch (number, value) {
                case (1, .bytes(let message)): try readPiece(message)
                case (2, .bytes(let message)): try readTrainer(message)
                case (3, .bytes(let message)): try readNormalizer(message)
                default: break
                }
            }
        } catch let fault as ProtobufReader.Fault {
            throw ModelFileError(
                file: path, place: .byte(fault.offset), what: "model", expected: "a message of protobuf's",
                found: "something else")
        }
        guard !names.isEmpty else { throw error("pieces", expected: "pieces", found: "none") }
        if !charsMapBytes.isEmpty {
            do throws(Problem) {
                charsMap = try CharsMap(charsMapBytes)
            } catch {
                throw self.error(
                    "precompiled_charsmap", expected: "a table of replacements", found: error.description)
            }
        }
    }

    func error(_ what: String, expected: String, found: String) -> ModelFileError {
        ModelFileError(file: path, place: .file, what: what, expected: expected, found: found)
    }

    private mutating func readPiece(_ message: ArraySlice<UInt8>) throws {
        var reader = ProtobufReader(message)
        var (name, score, kind): ([UInt8], Float, TokenKind) = ([], 0, .normal)
        while let (number, value) = try reader.next() {
            switch (number, value) {
            case (1, .bytes(let bytes)): name = Array(bytes)
            case (2, .fixed32(let bits)): score = Float(bitPattern: bits)
            case (3, .varint(let type)):
                guard let number = Int(exactly: type), number > 0, let known = TokenKind(rawValue: number) else {
                    throw error("type of piece \(names.count)", expected: "1 to 6", found: "\(type)")
                }
                kind = known
            default: break
            }
        }
        guard name.count <= GGUFTokenizer.pieceBytesMax else {
            throw error(
                "piece \(names.count)", expected: "at most \(GGUFTokenizer.pieceBytesMax) bytes",
                found: "\(name.count)")
        }
        names.append(name)
        scores.append(score)
        kinds.append(kind)
    }

    private mutating func readTrainer(_ message: ArraySlice<UInt8>) throws {
        var reader = ProtobufReader(message)
        while let (number, value) = try reader.next() {
            guard case .varint(let integer) = value else { continue }
            switch number {
            case 3:
                guard let known = Int(exactly: integer).flatMap(ModelType.init) else {
                    throw error("model_type", expected: "1 to 4", found: "\(integer)")
                }
                type = known
            case 24: spacesAreSuffixes = integer != 0
            case 35: takesBytes = integer != 0
            case 41: bosToken = Int(truncatingIfNeeded: integer)
            case 42: eosToken = Int(truncatingIfNeeded: integer)
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ message: ArraySlice<UInt8>) throws {
        var reader = ProtobufReader(message)
        while let (number, value) = try reader.next() {
            switch (number, value) {
            case (2, .bytes(let bytes)): charsMapBytes = Array(bytes)
            case (3, .varint(let flag)): addsDummyPrefix = flag != 0
            case (4, .varint(let flag)): removesExtraWhitespaces = flag != 0
            case (5, .varint(let flag)): escapesWhitespaces = flag != 0
            default: break
            }
        }
    }
}
