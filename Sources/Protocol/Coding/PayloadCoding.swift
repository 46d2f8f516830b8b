// Units of work, to and from their generated wire types; the ledger keeps the latter, too.

internal import SwiftProtobuf

extension RenderedText {
    init(_ wire: WireText) throws {
        let utf8 = Array(wire.text.utf8)
        var end = 0
        for range in wire.controlRanges {
            guard
                range.start >= end, range.end >= range.start, range.end <= utf8.count,
                utf8.isCharacterBoundary(Int(range.start)), utf8.isCharacterBoundary(Int(range.end))
            else {
                throw ProtocolError("a text of \(utf8.count) bytes with control range \(range.start)..<\(range.end)")
            }
            end = Int(range.end)
        }
        self.init(wire.text, controlRanges: wire.controlRanges.map { Int($0.start)..<Int($0.end) })
    }

    var wire: WireText {
        .with {
            $0.text = text
            $0.controlRanges = controlRanges.map { range in
                .with {
                    $0.start = UInt32(range.lowerBound)
                    $0.end = UInt32(range.upperBound)
                }
            }
        }
    }
}

extension [UInt8] {
    /// Whether no character of this UTF-8 lies across `offset`: continuation bytes are `10xxxxxx`.
    fileprivate func isCharacterBoundary(_ offset: Int) -> Bool {
        offset == count || self[offset] & 0b1100_0000 != 0b1000_0000
    }
}

extension WorkKind {
    /// - Parameters:
    ///   - generation: what comes with it; nil for nothing.
    ///   - field: what holds it, for the error.
    init(_ wire: WireWorkKind, _ generation: WireGeneration?, _ field: String) throws {
        guard (wire == .generate) == (generation != nil) else {
            throw ProtocolError("\(field) \(wire == .generate ? "lacks" : "has") settings of generation")
        }
        switch wire {
        case .embed: self = .embed
        case .project: self = .project
        case .generate: self = .generate(try GenerationSettings(generation ?? .init()))
        case .unspecified, .UNRECOGNIZED: throw ProtocolError(field, unknown: wire)
        }
    }

    var wire: WireWorkKind { WireWorkKind(rawValue: Int(number)) ?? .unspecified }
}

extension UnitPayload {
    init(_ wire: WireUnitPayload) throws {
        guard !wire.items.isEmpty else { throw ProtocolError("a unit without rows") }
        let names = try wire.responses.map { try $0.checked("a response's name") }
        for item in wire.items {
            let count = item.responses.count
            guard (1...Self.responsesMax).contains(count) else {
                throw ProtocolError("a row with \(count) responses; 1 to \(Self.responsesMax) are expected")
            }
            guard names.isEmpty || count == names.count else {
                throw ProtocolError("a row with \(count) responses; \(names.count) are expected")
            }
        }
        self.init(
            work: try WorkKind(wire.work, wire.hasGeneration ? wire.generation : nil, "a unit's work"),
            responses: names.isEmpty ? nil : names,
            items: try wire.items.map(Item.init))
    }

    var wire: WireUnitPayload {
        .with {
            $0.work = work.wire
            if let generation = work.generation { $0.generation = generation.wire }
            $0.responses = responses ?? []
            $0.items = items.map(\.wire)
        }
    }
}

extension UnitPayload.Item {
    init(_ wire: WireItem) throws {
        self.init(
            row: wire.row,
            text: RenderedItem(
                prompt: try RenderedText(wire.prompt), responses: try wire.responses.map(RenderedText.init)))
    }

    var wire: WireItem {
        .with {
            $0.row = row
            $0.prompt = text.prompt.wire
            $0.responses = text.responses.map(\.wire)
        }
    }

    /// The form in which the ledger keeps the item: the prompt's UTF-8, which it sorts by, and apart from it the rest.
    package func serialized() throws -> (prompt: [UInt8], rest: [UInt8]) {
        var rest = wire
        rest.prompt.text = ""
        return (Array(text.prompt.text.utf8), try rest.serializedBytes())
    }

    package init(prompt: [UInt8], rest: [UInt8]) throws {
        var wire = try WireItem(serializedBytes: rest)
        wire.prompt.text = String(decoding: prompt, as: UTF8.self)
        try self.init(wire)
    }
}
