internal import Dataset
internal import Foundation
internal import JSON

/// A row of the output: an anchor that a person can read and edit, or a candidate. Its columns are the same in all rows of a
/// file, so that a table can be read of them.
struct InducedRow {
    /// How a text came about; of one that is not generated all but the origin says nothing.
    struct Provenance: Hashable, Sendable, Encodable {
        var origin = "generated"
        var model = ""
        var modelSHA256 = ""
        var precision = ""
        var template = ""
        var system = ""
        var maxNewTokens = 0
        var temperature = 0.0
        var topP = 1.0
        var seed: UInt64 = 0
        var stop: [String] = []

        /// New ones of this text, and how it ended.
        var tokens = 0
        var ending = ""

        private enum CodingKeys: String, CodingKey {
            case origin, model, precision, template, system, temperature, seed, stop, tokens, ending
            case modelSHA256 = "model_sha256"
            case maxNewTokens = "max_new_tokens"
            case topP = "top_p"
        }
    }

    struct Response: Hashable, Sendable {
        enum Origin: Hashable, Sendable {
            case generated(Provenance)
            case refusals
            case column(String)
        }

        let text: String
        let origin: Origin

        fileprivate var provenance: Provenance {
            switch origin {
            case .generated(let provenance): provenance
            case .refusals: Provenance(origin: "refusals")
            case .column(let column): Provenance(origin: "column \(column)")
            }
        }
    }

    enum Content: Hashable, Sendable {
        case anchor(harmless: Response, harmful: Response, kind: String)
        case candidate(Response, number: Int)
    }

    /// The prompt's number in its file.
    let row: Int
    let prompt: Conversation
    let content: Content

    init(row: Int, prompt: Conversation, _ content: Content) {
        self.row = row
        self.prompt = prompt
        self.content = content
    }

    var json: [UInt8] {
        var members = [JSONText.member("prompt", json: promptJSON)]
        switch content {
        case .anchor(let harmless, let harmful, let kind):
            members += [
                JSONText.member("harmless", text: harmless.text), JSONText.member("harmful", text: harmful.text),
                JSONText.member("kind", text: kind), JSONText.member("row", json: Array("\(row)".utf8)),
                JSONText.member("harmless_generation", json: Self.encoded(harmless.provenance)),
                JSONText.member("harmful_generation", json: Self.encoded(harmful.provenance)),
            ]
        case .candidate(let response, let number):
            members += [
                JSONText.member("response", text: response.text), JSONText.member("row", json: Array("\(row)".utf8)),
                JSONText.member("candidate", json: Array("\(number)".utf8)),
                JSONText.member("generation", json: Self.encoded(response.provenance)),
            ]
        }
        return JSONText.object(members)
    }

    /// A text where a user alone said something, else a list of messages.
    private var promptJSON: [UInt8] {
        if prompt.messages.count == 1, prompt.messages[0].role == .user {
            var bytes: [UInt8] = []
            JSONText.append(prompt.messages[0].content, to: &bytes)
            return bytes
        }
        let messages = prompt.messages.map { message in
            JSONText.object([
                JSONText.member("role", text: message.role.rawValue), JSONText.member("content", text: message.content),
            ])
        }
        return Array("[".utf8) + messages.joined(separator: Array(", ".utf8)) + Array("]".utf8)
    }

    private static func encoded(_ provenance: Provenance) -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(provenance) else {
            preconditionFailure("texts and finite numbers have JSON")
        }
        return [UInt8](data)
    }
}
