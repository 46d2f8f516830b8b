import CommandLineTool
import Foundation
import Testing

@Suite struct ProcessorCountTests {
    /// Cgroups as the kernel shows them, in a folder.
    private final class Cgroups {
        let path = FileManager.default.temporaryDirectory.path + "/legend-cgroups-\(UUID().uuidString)"

        init(_ files: [String: String]) throws {
            for (name, text) in files {
                let file = URL(filePath: "\(path)/\(name)")
                try FileManager.default.createDirectory(
                    at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                try Data(text.utf8).write(to: file)
            }
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }
    }

    @Test(arguments: [
        (["a/b/cpu.max": "max 100000\n"], Int?.none), (["a/b/cpu.max": "250000 100000\n"], 3),
        (["a/b/cpu.max": "20000 100000\n"], 1),
        (["a/b/cpu.max": "400000 100000\n", "a/cpu.max": "200000 100000\n"], 2),
        (["cpu.max": "500000 100000\n"], 5), (["other/cpu.max": "100000 100000\n"], nil),
        (["a/b/cpu.max": "junk"], nil),
        (["a/b/cpu.max": "0 0\n"], nil),
    ])
    func theLeastQuotaOfTheGroupAndThoseAboveCounts(_ files: [String: String], _ expected: Int?) throws {
        let groups = try Cgroups(files)
        #expect(ProcessorCount.quota(membership: "0::/a/b\n", root: groups.path) == expected)
    }

    @Test func theOlderCgroupsAreReadToo() throws {
        let groups = try Cgroups([
            "cpu,cpuacct/job/cpu.cfs_quota_us": "300000\n", "cpu,cpuacct/job/cpu.cfs_period_us": "100000\n",
            "cpu,cpuacct/cpu.cfs_quota_us": "-1\n", "cpu,cpuacct/cpu.cfs_period_us": "100000\n",
        ])
        let membership = "5:memory:/job\n4:cpu,cpuacct:/job\n"
        #expect(ProcessorCount.quota(membership: membership, root: groups.path) == 3)
    }

    @Test(arguments: [("0-3,8", 5), ("7", 1), ("0-1", 2), ("", nil), ("none", Int?.none)])
    func theAffinityMaskIsCounted(_ list: String, _ expected: Int?) {
        #expect(
            ProcessorCount.affinity(status: "Name:\tx\nCpus_allowed:\tff\nCpus_allowed_list:\t\(list)\n") == expected)
        #expect(ProcessorCount.affinity(status: "Name:\tx\n") == nil)
    }

    @Test func aProcessHasAProcessorAndNoMoreThanItsMask() {
        #expect((1...ProcessInfo.processInfo.activeProcessorCount).contains(ProcessorCount.available))
    }
}
