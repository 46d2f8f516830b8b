// The values inside messages, to and from their generated wire types. `init` checks; `wire` cannot fail.

internal import Digest
internal import SwiftProtobuf

extension Choice {
    init(wire name: String, _ what: String) throws {
        do {
            try self.init(named: name)
        } catch {
            throw ProtocolError("\(what): \(error)")
        }
    }
}

extension ProtocolError {
    /// A field whose number is none of its enum's: 0 where it was left out, another one where the peer knows more.
    init<Value: SwiftProtobuf.Enum & CaseIterable>(_ field: String, unknown value: Value) {
        let known = Value.allCases.map(\.rawValue).filter { $0 != 0 }.map(String.init).joined(separator: ", ")
        self.init("\(field): expected one of \(known), found \(value.rawValue)")
    }
}

extension WireTensor {
    init(_ tensor: Tensor) {
        self.init()
        elementType =
            switch tensor.elementType {
            case .f16: .f16
            case .f32: .f32
            case .f64: .f64
            case .u8: .u8
            }
        shape = tensor.shape.map(UInt32.init)
        crc32 = CRC32.checksum(tensor.bytes)
    }
}

extension Tensor {
    init(_ wire: WireTensor, frame: [UInt8]) throws {
        let elementType: ElementType
        switch wire.elementType {
        case .f16: elementType = .f16
        case .f32: elementType = .f32
        case .f64: elementType = .f64
        case .u8: elementType = .u8
        case .unspecified, .UNRECOGNIZED: throw ProtocolError("a tensor's element type", unknown: wire.elementType)
        }
        guard wire.shape.count <= 8 else {
            throw ProtocolError("a tensor of \(wire.shape.count) dimensions; at most 8 are expected")
        }
        let checksum = CRC32.checksum(frame)
        guard checksum == wire.crc32 else {
            throw ProtocolError("a bulk frame whose checksum is \(checksum), not the announced \(wire.crc32)")
        }
        try self.init(elementType: elementType, shape: wire.shape.map(Int.init), bytes: frame)
    }
}

extension Lease {
    /// - Throws: `ProtocolError` for numbers that no coordinator gives out.
    init(_ wire: WireLease) throws {
        guard wire.unit <= Int64.max, wire.attempt <= 1 << 30 else {
            throw ProtocolError("a lease of unit \(wire.unit), attempt \(wire.attempt): expected smaller numbers")
        }
        self.init(unit: UnitID(wire.unit), attempt: wire.attempt)
    }

    var wire: WireLease {
        .with {
            $0.unit = unit.rawValue
            $0.attempt = attempt
        }
    }
}

extension WorkerMessage.Hello {
    init(_ wire: WireHello) throws {
        guard !wire.worker.isEmpty, wire.worker.utf8.count <= Self.nameBytesMax else {
            throw ProtocolError(
                "a worker id of \(wire.worker.utf8.count) bytes; 1 to \(Self.nameBytesMax) are expected")
        }
        try WorkerMessage.checkCount(ofHeld: wire.held.count)
        guard wire.preferences.count <= NumericPreference.countMax else {
            throw ProtocolError(
                "\(wire.preferences.count) preferences; at most \(NumericPreference.countMax) are expected")
        }
        self.init(
            worker: try wire.worker.checked("a worker id"), epoch: wire.epoch,
            host: try wire.host.checked("a host name"),
            processID: wire.processID, softwareVersion: try wire.softwareVersion.checked("a software version"),
            lanes: Int(wire.lanes),
            model: wire.hasReady ? try LoadedModel(wire.ready) : nil,
            held: try wire.held.map(WorkerMessage.HeldUnit.init),
            preferences: try wire.preferences.map(NumericPreference.init))
    }

    var wire: WireHello {
        .with {
            $0.worker = worker
            $0.epoch = epoch
            $0.host = host
            $0.processID = processID
            $0.softwareVersion = softwareVersion
            $0.lanes = UInt32(lanes)
            if let model { $0.ready = model.wire }
            $0.held = held.map(\.wire)
            $0.preferences = preferences.map(\.wire)
        }
    }
}

extension NumericPreference {
    init(_ wire: WireNumericPreference) throws {
        let precision = try Precision(wire: wire.precision, "a preference of precision")
        let attention = try AttentionPrecision(wire: wire.attention, "a preference of attention")
        guard [.f32, .bf16].contains(precision), attention != .automatic else {
            throw ProtocolError("a preference of \(precision), attention in \(attention); f32 or bf16 are expected")
        }
        self.init(
            backend: try Backend(wire: wire.backend, "a backend"), precision: precision, attention: attention,
            reason: wire.reason.bounded)
    }

    var wire: WireNumericPreference {
        .with {
            $0.backend = backend.rawValue
            $0.precision = precision.rawValue
            $0.attention = attention.rawValue
            $0.reason = reason.bounded
        }
    }
}

extension WorkerMessage.HeldUnit {
    init(_ wire: WireHeldUnit) throws {
        self.init(lease: try Lease(wire.lease), tokens: wire.tokens, isEmbedded: wire.isEmbedded)
    }

    var wire: WireHeldUnit {
        .with {
            $0.lease = lease.wire
            $0.tokens = tokens
            $0.isEmbedded = isEmbedded
        }
    }
}

extension LoadedModel {
    init(_ wire: WireReady) throws {
        guard wire.layerCount > 0, wire.hiddenSize > 0, wire.contextLength > 0, wire.credit > 0 else {
            throw ProtocolError("a model without layers, hidden size, context length or credit")
        }
        guard wire.credit <= Self.creditMax, wire.textsAhead <= Self.textsAheadMax else {
            throw ProtocolError(
                """
                a credit of \(wire.credit), \(wire.textsAhead) texts ahead; at most \(Self.creditMax) and \(Self.textsAheadMax) are \
                expected
                """)
        }
        guard wire.hiddenSize <= Self.hiddenSizeMax else {
            throw ProtocolError("a hidden size of \(wire.hiddenSize); at most \(Self.hiddenSizeMax) are expected")
        }
        guard wire.warnings.count <= Self.warningsMax else {
            throw ProtocolError("\(wire.warnings.count) warnings; at most \(Self.warningsMax) are expected")
        }
        guard !wire.architecture.isEmpty else { throw ProtocolError("a model without an architecture") }
        let precision = try Precision(wire: wire.precision, "a precision")
        let attention = try AttentionPrecision(wire: wire.attention, "what attention multiplies")
        guard precision != .automatic, attention != .automatic else {
            throw ProtocolError("a model that computes in \(precision), attention in \(attention)")
        }
        self.init(
            digest: try checkedModelDigest(wire.modelDigest),
            name: try wire.modelName.checked("a model's name"),
            architecture: try wire.architecture.checked("a model's architecture"),
            tokenizer: try wire.tokenizer.checked("a tokenizer"),
            layerCount: Int(wire.layerCount), hiddenSize: Int(wire.hiddenSize),
            contextLength: Int(wire.contextLength), precision: precision, attention: attention,
            numericBuild: try wire.numericBuild.checked("a numeric build"), credit: Int(wire.credit),
            textsAhead: Int(wire.textsAhead), warnings: wire.warnings.map(\.bounded))
    }

    var wire: WireReady {
        .with {
            $0.modelDigest = digest
            $0.modelName = name
            $0.architecture = architecture ?? ""
            $0.tokenizer = tokenizer
            $0.layerCount = UInt32(layerCount)
            $0.hiddenSize = UInt32(hiddenSize)
            $0.contextLength = UInt32(contextLength)
            $0.precision = precision.rawValue
            $0.attention = attention.rawValue
            $0.numericBuild = numericBuild
            $0.credit = UInt32(credit)
            $0.textsAhead = UInt32(textsAhead)
            $0.warnings = warnings.prefix(Self.warningsMax).map(\.bounded)
        }
    }
}

extension WorkerMessage {
    /// As many units as a worker embeds ahead, its credit, and results that are not acknowledged.
    package static let heldMax = LoadedModel.unitsAheadMax + 16_384

    fileprivate static func checkCount(ofHeld count: Int) throws {
        guard count <= heldMax else { throw ProtocolError("\(count) units held; at most \(heldMax) are expected") }
    }
}

extension WorkerMessage.Heartbeat {
    init(_ wire: WireHeartbeat) throws {
        try WorkerMessage.checkCount(ofHeld: wire.held.count)
        self.init(
            epoch: wire.epoch, held: try wire.held.map(WorkerMessage.HeldUnit.init), draining: wire.draining)
    }

    var wire: WireHeartbeat {
        .with {
            $0.epoch = epoch
            $0.held = held.map(\.wire)
            $0.draining = draining
        }
    }
}

extension WorkerMessage.UnitFailure {
    init(_ wire: WireUnitFailure) throws {
        self.init(lease: try Lease(wire.lease), reason: wire.reason.bounded, returned: wire.returned)
    }

    var wire: WireUnitFailure {
        .with {
            $0.lease = lease.wire
            $0.reason = reason.bounded
            $0.returned = returned
        }
    }
}
