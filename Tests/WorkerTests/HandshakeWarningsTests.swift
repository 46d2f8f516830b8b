import Protocol
import Testing
import Transport

@testable import Worker

@Suite struct HandshakeWarningsTests {
    private func at(_ seconds: Double) -> MonotonicInstant { .zero + .seconds(seconds) }

    @Test func aRefusalIsToldAtOnceAndThenLessAndLess() {
        var warnings = HandshakeWarnings()
        let told = stride(from: 0.0, to: 20_000, by: 5).filter { warnings.warns(of: .keyRefused, at: at($0)) }
        #expect(told == [0, 60, 180, 420, 900, 1860, 3780, 7380, 10980, 14580, 18180])
    }

    @Test func oneConnectionThatEndsIsNothingButManyAre() {
        var warnings = HandshakeWarnings()
        let told = (0..<5).map { warnings.warns(of: .hungUp, at: at(Double($0))) }
        #expect(told == [false, false, true, false, false])
    }

    @Test func whatIsKnownBetterIsNotGuessedAt() {
        var warnings = HandshakeWarnings()
        let told = (0..<12).map { warnings.warns(of: $0 % 2 == 0 ? .mismatch : .hungUp, at: at(Double($0))) }
        #expect(told == [true] + Array(repeating: false, count: 11))
    }
}
