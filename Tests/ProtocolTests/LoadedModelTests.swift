import Foundation
import Protocol
import Testing

@Suite struct LoadedModelTests {
    @Test func aModelComesOutOfTheLedgerAsItWentIn() throws {
        let model = MessageSamples.model
        #expect(try JSONDecoder().decode(LoadedModel.self, from: JSONEncoder().encode(model)) == model)
    }
}
