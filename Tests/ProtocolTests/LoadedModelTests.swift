import Foundation
import Protocol
import Testing

@Suite struct LoadedModelTests {
    @Test func aModelComesOutOfTheLedgerAsItWentIn() throws {
        let model = MessageSamples.model
        #expect(try JSONDecoder().decode(LoadedModel.self, from: JSONEncoder().encode(model)) == model)
    }

    /// One of a software that did not ask for the architecture is a model all the same.
    @Test func anOlderLedgersModelHasNoArchitecture() throws {
        var model = MessageSamples.model
        model.architecture = nil
        let json = try JSONEncoder().encode(model)
        #expect(!String(decoding: json, as: UTF8.self).contains("architecture"))
        #expect(try JSONDecoder().decode(LoadedModel.self, from: json) == model)
    }
}
