import Digest
import SwiftProtobuf

@testable import Protocol

extension HostileFrames {
    /// Offers of several files; those of the sound one are a (1 byte) and b (2).
    static let modelParts: [HostileFrames] = {
        let offer = Protocol.Message.model(
            .offer(ModelOffer(digest: MessageSamples.modelDigest, manifest: MessageSamples.manifest), workersAhead: 0))
        func files(_ count: Int) -> [WireModelPart] {
            (0..<count).map { number in
                .with {
                    $0.name = "\(number)"
                    $0.bytes = 1
                }
            }
        }
        let start = "an offer of a model: "
        let most = "expected at most 1125899906842624 in all files"
        let names = [
            "", "..", "../b", "/etc/passwd", "b/c", ".ssh", "b\0", "b\n", "é", String(repeating: "b", count: 256),
        ]
        return names.map { name in
            HostileFrames(
                offer,
                start + """
                    the name of file 1: expected 1 to 255 ASCII letters, digits, '.', '-' and '_', with no '.' at its \
                    beginning, found another name of \(name.utf8.count) bytes
                    """, { $0.modelOffer.parts[1].name = name })
        } + [
            .init(offer, start + "a: expected each name once, found it twice", { $0.modelOffer.parts[1].name = "a" }),
            .init(offer, "an offer of 4 bytes; its files have 3", { $0.modelOffer.bytes = 4 }),
            .init(offer, "an offer of 3 bytes; its files have 2", { $0.modelOffer.parts[1].bytes = 1 }),
            .init(offer, "an offer of 0 bytes; 1 to 1125899906842624 are expected", { $0.modelOffer.bytes = 0 }),
            .init(
                offer, start + "files without bytes: expected at least one byte",
                { for index in 0..<2 { $0.modelOffer.parts[index].bytes = 0 } }),
            // Whose sum is 3 again, where it overflows.
            .init(
                offer, start + "a of \(UInt64.max) bytes: \(most)",
                {
                    $0.modelOffer.parts[0].bytes = .max
                    $0.modelOffer.parts[1].bytes = 4
                }),
            .init(
                offer, start + "b of \(UInt64.max - 3) bytes: \(most)", { $0.modelOffer.parts[1].bytes = .max - 3 }),
            .init(offer, start + "1025 files: expected 1 to 1024", { $0.modelOffer.parts = files(1025) }),
            .init(offer, "an offer of 0 bytes without a digest", { $0.modelOffer = .with { $0.parts = files(1) } }),
        ]
    }()
}
