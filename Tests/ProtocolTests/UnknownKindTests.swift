import Foundation
import SwiftProtobuf
import Testing

@testable import Protocol

/// Kinds of something that this version does not know, as a peer of another build may send them: each is refused with
/// the field and what was found in it, and is taken for no other kind.
@Suite struct UnknownKindTests {
    /// A field of an enum of `legend.proto`.
    struct NumberField: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var message: Protocol.Message
        var expected: String
        var set: @Sendable (inout WireHeader, Int) -> Void
    }

    static let numberFields = [
        NumberField(
            testDescription: "Tensor.element_type", message: .worker(.result(MessageSamples.result)),
            expected: "a tensor's element type: expected one of 1, 2, 3, 4",
            set: { $0.tensors[0].elementType = .init(rawValue: $1) ?? .unspecified }),
        NumberField(
            testDescription: "UnitPayload.work",
            message: .coordinator(.assignment(MessageSamples.lease, MessageSamples.payload)),
            expected: "a unit's work: expected one of 1, 2, 3",
            set: { $0.assignment.payload.work = .init(rawValue: $1) ?? .unspecified }),
        NumberField(
            testDescription: "UnitResult.work", message: .worker(.result(MessageSamples.result)),
            expected: "a result's work: expected one of 1, 2, 3",
            set: { $0.unitResult.work = .init(rawValue: $1) ?? .unspecified }),
        NumberField(
            testDescription: "GeneratedText.ending", message: .worker(.result(MessageSamples.generated)),
            expected: "a text's ending: expected one of 1, 2, 3, 4",
            set: { $0.unitResult.texts[1].ending = .init(rawValue: $1) ?? .unspecified }),
    ]

    @Test(arguments: numberFields, [0, 5, 99, -1, Int(Int32.max)])
    func aNumberThatIsNoneOfAnEnumsIsRefusedByName(_ field: NumberField, _ number: Int) throws {
        let hostile = HostileFrames(field.message, "\(field.expected), found \(number)", { field.set(&$0, number) })
        let frames = try hostile.frames
        #expect(throws: ProtocolError(hostile.problem)) { try Protocol.Message(frames: frames) }
    }

    /// A field that is added to the wire is added above.
    @Test func theNumbersOfAllEnumsAreTested() throws {
        let schema = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../Sources/Protocol/legend.proto").standardized
        var enums: Set<Substring> = []
        var fields: [(message: Substring, type: Substring, name: Substring)] = []
        var message: Substring = ""
        for line in try String(contentsOf: schema, encoding: .utf8).split(separator: "\n") {
            let words = line.split(separator: " ").filter { !["repeated", "optional"].contains($0) }
            if words.first == "enum", words.count > 1 { enums.insert(words[1]) }
            if words.first == "message", words.count > 1 { message = words[1] }
            if words.count > 3, words[2] == "=" { fields.append((message, words[0], words[1])) }
        }
        let found = fields.filter { enums.contains($0.type) }.map { "\($0.message).\($0.name)" }
        #expect(!found.isEmpty)
        #expect(Set(found) == Set(Self.numberFields.map(\.testDescription)))
    }

    /// A field that has one of a `Choice`'s names.
    struct NameField: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var message: Protocol.Message
        var expected: String
        var set: @Sendable (inout WireHeader, String) -> Void
    }

    static let nameFields: [NameField] = {
        let ready = Protocol.Message.worker(.ready(MessageSamples.model))
        let hello = Protocol.Message.worker(.hello(MessageSamples.hello))
        let welcome = Protocol.Message.coordinator(.welcome(MessageSamples.keepingJob))
        let precisions = "expected one of auto, f32, bf16, int8"
        let attentions = "expected one of auto, f32, bf16"
        let backends = "expected one of auto, native, onednn, blas"
        let pooling = "a pooling: expected one of last, mean, mean-response"
        return [
            .init(
                testDescription: "Ready.precision", message: ready, expected: "a precision: \(precisions)",
                set: { $0.ready.precision = $1 }),
            .init(
                testDescription: "Ready.attention", message: ready,
                expected: "what attention multiplies: \(attentions)",
                set: { $0.ready.attention = $1 }),
            .init(
                testDescription: "NumericPreference.precision", message: hello,
                expected: "a preference of precision: \(precisions)", set: { $0.hello.preferences[0].precision = $1 }),
            .init(
                testDescription: "NumericPreference.attention", message: hello,
                expected: "a preference of attention: \(attentions)", set: { $0.hello.preferences[0].attention = $1 }),
            .init(
                testDescription: "NumericPreference.backend", message: hello, expected: "a backend: \(backends)",
                set: { $0.hello.preferences[0].backend = $1 }),
            .init(
                testDescription: "JobSpecification.precision", message: welcome,
                expected: "a job's precision: \(precisions)", set: { $0.welcome.job.precision = $1 }),
            .init(
                testDescription: "JobSpecification.attention", message: welcome,
                expected: "what a job's attention multiplies: \(attentions)", set: { $0.welcome.job.attention = $1 }),
            .init(
                testDescription: "JobSpecification.backend", message: welcome, expected: "a job's backend: \(backends)",
                set: { $0.welcome.job.backend = $1 }),
            .init(
                testDescription: "JobSpecification.readouts", message: welcome, expected: pooling,
                set: { $0.welcome.job.readouts[0].pooling = $1 }),
            .init(
                testDescription: "JobSpecification.keep", message: welcome, expected: pooling,
                set: { $0.welcome.job.keep[0].pooling = $1 }),
            .init(
                testDescription: "Scorer.readouts", message: .coordinator(.scorer(MessageSamples.scorer)),
                expected: pooling, set: { $0.scorerUpdate.scorer.readouts[1].pooling = $1 }),
        ]
    }()

    @Test(arguments: nameFields, ["", "first", "F32", "f32 "])
    func aNameThatIsNoneOfAChoicesIsRefusedByName(_ field: NameField, _ name: String) throws {
        let hostile = HostileFrames(field.message, "\(field.expected), found \"\(name)\"", { field.set(&$0, name) })
        let frames = try hostile.frames
        #expect(throws: ProtocolError(hostile.problem)) { try Protocol.Message(frames: frames) }
    }
}
