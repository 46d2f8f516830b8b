import Foundation
import Protocol
import Synchronization
import TestEnvironment
import Testing
import Transport

/// Whatever arrives at a coordinator's port, the job ends as it would have.
@Suite(.serialized, .needs(.model), .hangLimit)
struct HostilePortTests {
    @Test(arguments: [false, true])
    func garbageAndConnectionsThatSayNothingDoNotDisturbAJob(_ hasKeys: Bool) async throws {
        let folder = try JobFolder()
        let port = try FreePort().number
        var keys = ""
        if hasKeys {
            let keygen = try RunningProgram(Programs.coordinator, ["keygen", folder.path("keys")])
            #expect(await keygen.exit().status == 0, "\(keygen.errors)")
            keys = ", secret_key: keys/coordinator.key, allowed_keys: keys/allowed.keys"
        }
        try folder.configure(
            cluster: "{listen: 'tcp://127.0.0.1:\(port)', unit_tokens: 256, \(JobFolder.Timing.patient)\(keys)}")
        // It tries until somebody listens: this task may be late on a busy machine.
        let attack = Attack(port: port)
        let program = try folder.start()
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        let connections = attack.stop()
        #expect(connections > 100)
        #expect(try folder.rows.count == 60 && folder.rows.allSatisfy { $0.margin != nil })
        #expect(!program.errors.contains("lost a worker"), "\(program.errors)")
        #expect(program.errors.utf8.count < 100_000)
    }

    /// Where no keys are asked for, anybody can talk like a worker.
    @Test func aPeerThatTalksNonsenseInGoodFormDoesNotDisturbAJob() async throws {
        let folder = try JobFolder()
        let endpoint = "tcp://127.0.0.1:\(try FreePort().number)"
        try folder.configure(cluster: "{listen: '\(endpoint)', unit_tokens: 256, \(JobFolder.Timing.patient)}")
        let program = try folder.start()
        let status = Mutex<StatusReport?>(nil)
        let (peers, memory) = try await once({ program.errors.contains("listening") }, in: program) {
            let peers = try (0..<4).map { _ in
                try MessageSocket(.dealer(connect: endpoint)) { inbound in
                    if case .message(.status(.report(let report)), _) = inbound { status.withLock { $0 = report } }
                }
            }
            var memory = 0
            for round in 0..<300 {
                for (index, peer) in peers.enumerated() {
                    for message in try Self.nonsense(round * 4 + index) { try peer.send(message, isDroppable: true) }
                }
                // A pace, not a wait: the coordinator has something to do while it takes them.
                Thread.sleep(forTimeInterval: 0.005)
                memory = max(memory, ProcessTable.residentBytes(of: program.processID) ?? 0)
            }
            return (peers, memory)
        }
        #expect(await program.exit() == .init(status: 0, isSignal: false), "\(program.errors)")
        #expect(try #require(status.withLock { $0 }).messagesDropped > 0)
        #expect(memory > 0 && memory < 400 << 20, "\(memory)")
        #expect(try folder.rows.count == 60 && folder.rows.allSatisfy { $0.margin != nil })
        #expect(program.errors.utf8.count < 200_000, "\(program.errors.utf8.count)")
        #expect(try Set(folder.results.map(\.worker)) == ["local-1"])
        for peer in peers { await peer.close() }
    }

    /// Well-formed messages that no worker of this job sends.
    private static func nonsense(_ number: Int) throws -> [Message] {
        let lease = Lease(unit: UnitID(UInt64(number % 40)), attempt: UInt32(number % 3 + 1))
        let held = (0..<2000).map {
            WorkerMessage.HeldUnit(lease: Lease(unit: UnitID(UInt64($0)), attempt: 1), tokens: .max)
        }
        let hello = WorkerMessage.Hello(
            worker: "nobody-\(number)", epoch: .max, host: "nowhere", processID: 1, softwareVersion: "0", lanes: 1,
            model: nil, held: held)
        let result = UnitResult(
            lease: lease, rows: [0, 1], responseCounts: [2, 2],
            output: .states(Tensor([Float](repeating: 1, count: 2304), shape: [4, 1, 576])))
        return [
            .worker(.hello(hello)), .worker(.heartbeat(.init(epoch: .max, held: held, draining: false))),
            .worker(.result(result)), .worker(.failure(.init(lease: lease, reason: "no\nreason", returned: false))),
            .worker(.embedded(lease)), .worker(.scorerAcknowledged(digest: "south")), .status(.request),
            .status(.report(.init())), .coordinator(.heartbeatReply),
        ]
    }
}
