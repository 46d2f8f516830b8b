import DatasetFixtures
import Foundation
import Testing

@testable import Coordinator

@Suite struct MachineTopologyTests {
    @Test func aMachineOfTwoNodesBindsAWorkerToEach() throws {
        let folder = try DatasetFolder()
        for (node, list) in [("node0/cpulist", "0-3\n"), ("node1/cpulist", "4-7\n"), ("node2/cpulist", "\n")] {
            try folder.createFolder(String(node.prefix(5)))
            try folder.write(list, to: node)
        }
        let machine = MachineTopology(nodesAt: folder.url.path, allowed: "1-5")
        #expect(machine.nodes == ["1,2,3", "4,5"] && machine.workerCount == 2)
        #expect(machine.binding(ofWorker: 1, of: 2) == ["/usr/bin/taskset", "-c", "4,5"])
        #expect(MachineTopology(nodesAt: folder.url.path, allowed: "0-2").nodes == ["0,1,2"])
        #expect(machine.binding(ofWorker: 0, of: 3) == [])
    }

    @Test func aMachineThatListsNoNodesIsOne() throws {
        let machine = MachineTopology(nodesAt: try DatasetFolder().url.path)
        #expect(machine.workerCount == 1 && machine.coreCount > 0)
        #expect(machine.binding(ofWorker: 0, of: 1) == [])
    }
}
