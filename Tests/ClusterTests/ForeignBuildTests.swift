import Foundation
import Protocol
import TestEnvironment
import Testing
import Transport

/// A coordinator and workers of another build, whose protocol has the same number.
@Suite(.hangLimit) struct ForeignBuildTests {
    @Test func aWorkerThatCannotReadItsWelcomeEndsAndNamesWhatItCouldNotRead() async throws {
        let greeters = Mailbox<PeerID>()
        let farewells = Mailbox<String>()
        let router = try MessageSocket(.router(listen: "tcp://127.0.0.1:*")) { inbound in
            switch inbound {
            case .message(.worker(.hello), let peer): greeters.post(peer)
            case .message(.worker(.goodbye(let reason)), _): farewells.post(reason)
            default: break
            }
        }
        let program = try RunningProgram(Programs.worker, ["--connect", router.endpoint, "--lanes", "1"])
        let peer = try #require(await greeters.next()?.first)
        let job = JobSpecification(
            job: "job", modelPath: "", modelDigest: "", precision: .f32, backend: .native, readouts: [], maxTokens: 0,
            heartbeatMilliseconds: 1000)
        try router.send(.coordinator(.welcome(job)), to: peer)
        #expect(await program.exit() == .init(status: 2, isSignal: false), "\(program.errors)")
        let reason = """
            a welcome to a job that cannot be read: a job without work or heartbeat interval; install the same \
            release of legend on the coordinator and on all workers
            """
        #expect(program.errors.contains("error: \(reason)\n"), "\(program.errors)")
        #expect(await farewells.next()?.first == reason)
        await router.close()
    }

    @Test(.needs(.model)) func aGreetingThatCannotBeReadIsCountedSaidAndRefused() async throws {
        let folder = try JobFolder()
        let endpoint = "tcp://127.0.0.1:\(try FreePort().number)"
        try folder.configure(cluster: "{listen: '\(endpoint)'}")
        let coordinator = try folder.start(workers: 0)
        let answers = Mailbox<Message>()
        let dealer = try MessageSocket(.dealer(connect: endpoint)) { inbound in
            if case .message(let message, _) = inbound { answers.post(message) }
        }
        let nameless = WorkerMessage.Hello(
            worker: "", epoch: 1, host: "", processID: 1, softwareVersion: "", lanes: 1, model: nil, held: [])
        try dealer.send(.worker(.hello(nameless)))
        let problem = "a greeting that cannot be read: a worker id of 0 bytes; 1 to 256 are expected"
        let reason = "\(problem); install the same release of legend on the coordinator and on all workers"
        #expect(await answers.next()?.first == .coordinator(.refused(reason: reason)))
        try dealer.send(.status(.request))
        guard case .status(.report(let report)) = await answers.next()?.first else {
            Issue.record("another kind of message came than the status")
            return
        }
        #expect(report.messagesDropped == 1)
        #expect(
            try await eventually {
                coordinator.errors.contains("dropped a malformed message") && coordinator.errors.contains(problem)
            }, "\(coordinator.errors)")
        coordinator.kill(SIGTERM)
        _ = await coordinator.exit()
        await dealer.close()
    }
}
