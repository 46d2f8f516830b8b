import Digest
import SwiftProtobuf

@testable import Protocol

// Results, and what is projected on.

extension HostileFrames {
    /// Embeddings to keep that are none.
    static let keptEmbeddings: [HostileFrames] = {
        let kept = Protocol.Message.worker(.result(MessageSamples.kept))
        func isExpected(_ found: String) -> String {
            "embeddings of \(found) texts; f16 [texts, readouts, hidden] is expected"
        }
        return [
            .init(
                kept, "a message whose bulk frame is missing", { $0.tensors.removeLast() }, bulk: { $0.removeLast() }),
            .init(kept, isExpected("f16 [2, 4] for 2"), { $0.tensors[1].shape = [2, 4] }),
            .init(kept, isExpected("f16 [4, 1, 2] for 2"), { $0.tensors[1].shape = [4, 1, 2] }),
            .init(
                kept, isExpected("f32 [2, 2, 1] for 2"),
                {
                    $0.tensors[1].elementType = .f32
                    $0.tensors[1].shape = [2, 2, 1]
                }),
            .init(
                kept, "3 exponents for 4 vectors, or impossible ones", { $0.unitResult.keptExponents.removeLast() }),
            .init(kept, "4 exponents for 4 vectors, or impossible ones", { $0.unitResult.keptExponents[0] = 128 }),
            .init(kept, "4 exponents for 8 vectors, or impossible ones", { $0.tensors[1].shape = [2, 4, 1] }),
        ]
    }()

    /// What nobody could project on.
    static let scorers: [HostileFrames] = {
        let scorer = Protocol.Message.coordinator(.scorer(MessageSamples.scorer))
        let many = [UInt8](repeating: 0, count: 2 * 4 * 1025)
        let notANumber: [UInt8] = [0, 0, 0xC0, 0x7F, 0, 0, 0, 0]
        func isExpected(_ found: String) -> String {
            "a scorer's directions of \(found); finite f32 [directions, hidden] are expected, of one hidden size"
        }
        func readouts(_ count: Int) -> [WireReadout] {
            (0..<count).map { layer in
                .with {
                    $0.layer = Int32(layer)
                    $0.pooling = "last"
                }
            }
        }
        return [
            .init(
                scorer, "a scorer of 0 readouts; 1 to 64, each once, are expected",
                {
                    $0.scorerUpdate.scorer.readouts = []
                    $0.scorerUpdate.scorer.withErrors = []
                    $0.tensors = []
                }, bulk: { $0 = [] }),
            .init(
                scorer, "a scorer of 0 readouts; 1 to 64, each once, are expected",
                { $0.scorerUpdate.clearScorer() }),
            .init(
                scorer, "a scorer of 2 readouts; 1 to 64, each once, are expected",
                { $0.scorerUpdate.scorer.readouts[1] = $0.scorerUpdate.scorer.readouts[0] }),
            .init(
                scorer, "a message whose bulk frame is missing",
                {
                    $0.scorerUpdate.scorer.readouts = readouts(65)
                    $0.scorerUpdate.scorer.withErrors = []
                }),
            .init(
                scorer, "errors of 1 of a scorer's 2 readouts", { $0.scorerUpdate.scorer.withErrors = [false] }),
            .init(
                scorer, "a message whose bulk frame is missing",
                { $0.scorerUpdate.scorer.withErrors = [true, true] }),
            .init(
                scorer, "a scorer of layer -1, mean-response; a layer that counts from the front is expected",
                { $0.scorerUpdate.scorer.readouts[0].layer = -1 }),
            .init(
                scorer, "layer -1001; -1000 to 1000 are expected",
                { $0.scorerUpdate.scorer.readouts[0].layer = -1001 }),
            .init(
                scorer, "a pooling: expected one of last, mean, mean-response, found \"first\"",
                { $0.scorerUpdate.scorer.readouts[1].pooling = "first" }),
            .init(scorer, isExpected("f32 [2]"), { $0.tensors[0].shape = [2] }),
            .init(scorer, isExpected("f32 [2, 3]"), { $0.tensors[1].shape = [2, 3] }),
            .init(scorer, isExpected("f32 [3, 2]"), { $0.tensors[0].shape = [2, 1] }),
            .init(
                scorer, isExpected("f64 [1, 1]"),
                {
                    $0.tensors[0].elementType = .f64
                    $0.tensors[0].shape = [1, 1]
                }),
            .init(
                scorer, isExpected("f32 [0, 2]"),
                { $0.tensors[0] = WireTensor(Tensor([] as [Float], shape: [0, 2])) }, bulk: { $0[0] = [] }),
            .init(
                scorer, isExpected("f32 [1, 2]"), { $0.tensors[0].crc32 = CRC32.checksum(notANumber) },
                bulk: { $0[0] = notANumber }),
            .init(
                scorer, "a scorer of 1028 directions; at most 1024 are expected",
                {
                    $0.tensors[0].shape = [1025, 2]
                    $0.tensors[0].crc32 = CRC32.checksum(many)
                }, bulk: { $0[0] = many }),
        ]
    }()

    static let results: [HostileFrames] = {
        let result = Protocol.Message.worker(.result(MessageSamples.result))
        let bytes = [UInt8](repeating: 1, count: 4)
        let order = "a result whose failed rows are out of range or order"
        let cutOrder = "a result whose cut rows are out of range or order"
        func failures(_ items: UInt32...) -> [WireRowFailure] { items.map { item in .with { $0.item = item } } }
        return [
            .init(
                result, "a result for 3 rows with impossible numbers of responses, [2, 2]",
                { $0.unitResult.rows.append(7) }),
            .init(
                result, "a result for 2 rows with impossible numbers of responses, [0, 4]",
                { $0.unitResult.responses = [0, 4] }),
            .init(
                result, "a result for 2 rows with impossible numbers of responses, [65, 2]",
                { $0.unitResult.responses = [65, 2] }),
            .init(
                result, "a result for 2 rows with impossible numbers of responses, [4294967295, 2]",
                { $0.unitResult.responses = [.max, 2] }),
            .init(
                result, "a result for 5 texts with values of shape [4, 1, 3]", { $0.unitResult.responses = [2, 3] }),
            .init(
                result, "a result for 0 texts with values of shape [4, 1, 3]",
                {
                    $0.unitResult.rows = []
                    $0.unitResult.responses = []
                }),
            .init(result, "a result for 4 texts with values of shape [12]", { $0.tensors[0].shape = [12] }),
            .init(
                result, "a result with values of u8; f32 is expected",
                {
                    $0.tensors[0] = WireTensor(Tensor(bytes))
                    $0.tensors[0].shape = [4, 1]
                }, bulk: { $0 = [bytes] }),
            .init(result, cutOrder, { $0.unitResult.truncated = [2] }),
            .init(result, cutOrder, { $0.unitResult.truncated = [1, 0] }),
            .init(result, cutOrder, { $0.unitResult.truncated = [1, 1] }),
            .init(result, order, { $0.unitResult.failures = failures(2) }),
            .init(result, order, { $0.unitResult.failures = failures(1, 0) }),
            .init(result, order, { $0.unitResult.failures = failures(1, 1) }),
            .init(result, order, { $0.unitResult.failures = failures(0, .max) }),
            .init(
                result, "a lease of unit 9223372036854775808, attempt 1: expected smaller numbers",
                {
                    $0.unitResult.lease.unit = 1 << 63
                    $0.unitResult.lease.attempt = 1
                }),
            .init(
                result, "a lease of unit 1, attempt 1073741825: expected smaller numbers",
                {
                    $0.unitResult.lease.unit = 1
                    $0.unitResult.lease.attempt = (1 << 30) + 1
                }),
            .init(
                result, "a result for 513 rows; at most 512 are expected",
                { $0.unitResult.rows = Array(repeating: 1, count: 513) }),
            .init(
                .worker(.result(MessageSamples.scores)),
                "a scorer's digest of 1001 bytes; at most 1000 are expected",
                { $0.unitResult.scorerDigest = String(repeating: "d", count: 1001) }),
            .init(result, "a result with values of f32; f64 is expected", { $0.unitResult.work = .project }),
            .init(result, "values of work that needs no scorer, with a scorer", { $0.unitResult.scorerDigest = "d" }),
            .init(
                .worker(.result(MessageSamples.scores)), "scores without their scorer",
                { $0.unitResult.scorerDigest = "" }),
            .init(result, "a result of 1099511627777 tokens", { $0.unitResult.tokensTotal = (1 << 40) + 1 }),
        ]
    }()
}
