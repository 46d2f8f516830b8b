// Generated texts and how they are made, to and from their generated wire types.

internal import SwiftProtobuf

extension GenerationSettings {
    init(_ wire: WireGeneration) throws {
        self.init(
            maxNewTokens: Int(wire.maxNewTokens), temperature: wire.temperature, topP: wire.topP, seed: wire.seed,
            stops: wire.stops)
        if let problem {
            throw ProtocolError("\(problem.setting): expected \(problem.expected), found \(problem.found)")
        }
    }

    var wire: WireGeneration {
        .with {
            $0.maxNewTokens = UInt32(maxNewTokens)
            $0.temperature = temperature
            $0.topP = topP
            $0.seed = seed
            $0.stops = stops
        }
    }
}

extension GenerationRoom {
    init(_ wire: WireGenerationRoom) throws {
        guard Self.sequencesAllowed.contains(Int(wire.sequences)), wire.cacheBytes > 0,
            wire.cacheBytes <= GenerationRoom.cacheBytesMax,
            Self.unitsAllowed.contains(Int(wire.units))
        else {
            throw ProtocolError(
                "lanes with room for \(wire.sequences) texts of \(wire.units) units and \(wire.cacheBytes) bytes")
        }
        self.init(sequences: Int(wire.sequences), cacheBytes: Int(wire.cacheBytes), units: Int(wire.units))
    }

    var wire: WireGenerationRoom {
        .with {
            $0.sequences = UInt32(sequences)
            $0.cacheBytes = UInt64(cacheBytes)
            $0.units = UInt32(units)
        }
    }
}

extension GeneratedText.Ending {
    fileprivate init(_ wire: WireTextEnding) throws {
        switch wire {
        case .end: self = .end
        case .stop: self = .stop
        case .limit: self = .limit
        case .context: self = .context
        case .unspecified, .UNRECOGNIZED: throw ProtocolError("a text's ending", unknown: wire)
        }
    }

    fileprivate var wire: WireTextEnding {
        switch self {
        case .end: .end
        case .stop: .stop
        case .limit: .limit
        case .context: .context
        }
    }
}

extension GeneratedText {
    fileprivate init(_ wire: WireGeneratedText, text: String) throws {
        guard wire.tokens <= GenerationSettings.newTokens.upperBound else {
            throw ProtocolError("a generated text of \(wire.tokens) tokens")
        }
        self.init(text: text, tokens: Int(wire.tokens), ending: try Ending(wire.ending))
    }

    /// As it is in a result, whose bulk frame has the text itself.
    var wire: WireGeneratedText {
        .with {
            $0.bytes = UInt32(text.utf8.count)
            $0.tokens = UInt32(tokens)
            $0.ending = ending.wire
        }
    }

    /// The texts of a result.
    static func texts(_ wire: [WireGeneratedText], utf8: [UInt8]) throws -> [GeneratedText] {
        guard wire.reduce(0, { $0 + Int($1.bytes) }) == utf8.count else {
            throw ProtocolError("generated texts of \(wire.map(\.bytes)) bytes in a frame of \(utf8.count)")
        }
        var start = 0
        return try wire.map { text in
            defer { start += Int(text.bytes) }
            guard let decoded = String(validating: utf8[start..<start + Int(text.bytes)], as: UTF8.self) else {
                throw ProtocolError("a generated text that is no UTF-8")
            }
            return try GeneratedText(text, text: decoded)
        }
    }

    /// The form in which the ledger keeps a row's texts.
    package static func serialized(_ texts: some Sequence<GeneratedText>) throws -> [UInt8] {
        try WireGeneratedRow.with {
            $0.texts = texts.map { text in
                var wire = text.wire
                wire.text = text.text
                return wire
            }
        }.serializedBytes()
    }

    /// - Throws: where these are no serialized texts.
    package static func texts(serialized bytes: [UInt8]) throws -> [GeneratedText] {
        try WireGeneratedRow(serializedBytes: bytes).texts.map { try GeneratedText($0, text: $0.text) }
    }
}
