import Engine
import Protocol
import Testing

@testable import Worker

/// The engine has names of its own for what a job chooses; they are the same.
@Suite struct EngineChoicesTests {
    @Test func aJobsChoiceIsTheEnginesOfTheSameName() {
        for choice in Protocol.Precision.allCases {
            #expect(Engine.Precision(choice).rawValue == choice.rawValue)
            #expect(Protocol.Precision(Engine.Precision(choice)) == choice)
        }
        for choice in Protocol.AttentionPrecision.allCases {
            #expect(Engine.AttentionPrecision(choice).rawValue == choice.rawValue)
            #expect(Protocol.AttentionPrecision(Engine.AttentionPrecision(choice)) == choice)
        }
        for choice in Protocol.Backend.allCases { #expect(Engine.Backend(choice).rawValue == choice.rawValue) }
        for choice in Protocol.Pooling.allCases { #expect(Engine.Pooling(choice).rawValue == choice.rawValue) }
    }
}
