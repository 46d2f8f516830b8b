import Foundation
import Protocol
import Testing

@Suite struct ModelCompatibilityTests {
    /// As a ledger has it from before what attention multiplies, warnings and texts ahead were named.
    @Test(arguments: [(Precision.f32, AttentionPrecision.f32), (.bf16, .bf16)])
    func theModelOfAnOlderLedgerIsRead(_ precision: Precision, _ attention: AttentionPrecision) throws {
        let json = """
            {"digest": "d", "name": "n", "tokenizer": "t", "layerCount": 2, "hiddenSize": 3, "contextLength": 4, \
            "precision": "\(precision)", "numericBuild": "b", "credit": 5, "rowsAhead": 6}
            """
        #expect(
            try JSONDecoder().decode(LoadedModel.self, from: Data(json.utf8))
                == LoadedModel(
                    digest: "d", name: "n", tokenizer: "t", layerCount: 2, hiddenSize: 3, contextLength: 4,
                    precision: precision, attention: attention, numericBuild: "b", credit: 5, textsAhead: 0))
    }

    @Test func aModelComesOutOfTheLedgerAsItWentIn() throws {
        let model = MessageSamples.model
        #expect(try JSONDecoder().decode(LoadedModel.self, from: JSONEncoder().encode(model)) == model)
    }
}
