import Testing

@testable import TestEnvironment

struct TestDataTests {
    @Test(arguments: ["true", "1", "True", "jenkins"]) func whateverAServiceCallsItselfIsCI(_ variable: String) {
        #expect(TestData.isOnCI(variable))
    }

    @Test(arguments: [nil, "", "0", "false"]) func aDevelopersMachineIsNotCI(_ variable: String?) {
        #expect(!TestData.isOnCI(variable))
    }
}
