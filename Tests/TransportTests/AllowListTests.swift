import Diagnostics
import Foundation
import Synchronization
import Testing

@testable import Transport

@Suite struct AllowListTests {
    private let folder: TemporaryFolder
    private let keys = (0..<3).map { _ in KeyPair().publicKey }

    init() throws {
        folder = try TemporaryFolder()
    }

    private var path: String { folder.path("allowed.keys") }

    @Test func namesAndKeysAreReadAndCommentsAreNot() throws {
        try folder.write("# who may join\n\n  first \(keys[0])  \n#second \(keys[1])\n", to: "allowed.keys")
        let list = try AllowList(path: path, always: [keys[2]: "own"])
        #expect(keys.map(list.name) == ["first", nil, "own"])
    }

    @Test func whatIsAddedIsAllowed() throws {
        try AllowList.create(path, "first", keys[0])
        try AllowList.add("second", keys[1], to: path)
        let list = try AllowList(path: path)
        #expect(keys.map(list.name) == ["first", "second", nil])
        #expect(throws: Problem.self) { try AllowList.add("second", keys[2], to: path) }
        #expect(throws: Problem.self) { try AllowList.create(path, "third", keys[2]) }
    }

    @Test func aLineWithoutItsEndIsNotSpoiltByTheNext() throws {
        try folder.write("first \(keys[0])", to: "allowed.keys")
        try AllowList.add("second", keys[1], to: path)
        #expect(keys.map(try AllowList(path: path).name) == ["first", "second", nil])
    }

    @Test(arguments: ["name", "a b c", "näme KEY", "-name KEY", "name KEYx", "../x KEY", "name: KEY"])
    func aLineThatIsNoneIsRefusedWithItsPlace(_ line: String) throws {
        try folder.write("# x\n" + line.replacing("KEY", with: keys[0].text) + "\n", to: "allowed.keys")
        let error = #expect(throws: Problem.self) { try AllowList(path: path) }
        #expect(error?.description.hasPrefix("\(path):2: expected a name") == true)
    }

    @Test func aFileThatOthersCanWriteToIsRefused() throws {
        try AllowList.create(path, "first", keys[0])
        try folder.setMode(0o644, of: "allowed.keys")
        #expect(try AllowList(path: path).name(of: keys[0]) == "first")
        for mode in [0o664, 0o646] {
            try folder.setMode(mode, of: "allowed.keys")
            let error = #expect(throws: Problem.self) { try AllowList(path: path) }
            #expect(error?.description.contains("others can write to it") == true)
        }
    }

    @Test func aChangedFileCountsAndAnUnchangedOneIsNotRead() throws {
        try folder.write("first \(keys[0])\nsecond \(keys[1])\n", to: "allowed.keys")
        let list = try AllowList(path: path, always: [keys[2]: "own"])
        #expect(try list.reload() == nil)
        try folder.write("third \(keys[1])\n", to: "allowed.keys")
        #expect(try list.reload() == .init(added: [], removed: ["first"]))
        #expect(keys.map(list.name) == [nil, "third", "own"])
        #expect(try list.reload() == nil)
        try folder.write("third \(keys[1])\nfirst \(keys[0])\n", to: "allowed.keys")
        #expect(try list.reload() == .init(added: ["first"], removed: []))
    }

    /// As where there are no descriptors left for a moment.
    @Test func whatCouldNotBeReadIsTriedAgainThoughTheFileIsTheSame() throws {
        try folder.write("first \(keys[0])\n", to: "allowed.keys")
        let (first, second) = (keys[0], keys[1])
        let readings = Mutex(0)
        let list = try AllowList(path: path) { path throws(Problem) in
            switch readings.withLock({ count in
                count += 1; return count
            }) {
            case 1: return [first: "first"]
            case 2, 3: throw Problem("no descriptors")
            default: return [second: "second"]
            }
        }
        try folder.write("second \(second)\n", to: "allowed.keys")
        #expect(throws: Problem.self) { try list.reload() }
        #expect(try list.reload() == nil)
        #expect(try list.reload() == .init(added: ["second"], removed: ["first"]))
        #expect(try list.reload() == nil)
        #expect(readings.withLock { $0 } == 4)
    }

    @Test func aMistakeChangesNothingAndIsReportedOnce() throws {
        try folder.write("first \(keys[0])\n", to: "allowed.keys")
        let list = try AllowList(path: path)
        try folder.write("first\n", to: "allowed.keys")
        #expect(throws: Problem.self) { try list.reload() }
        #expect(try list.reload() == nil)
        try FileManager.default.removeItem(atPath: path)
        #expect(throws: Problem.self) { try list.reload() }
        #expect(try list.reload() == nil)
        #expect(list.name(of: keys[0]) == "first")
        try folder.write("# nobody\n", to: "allowed.keys")
        #expect(try list.reload() == .init(added: [], removed: ["first"]))
    }
}

@Suite struct AuthenticatorTests {
    private let key: PublicKey
    private let bytes = (0..<32).map(UInt8.init)

    init() throws {
        key = try #require(PublicKey(bytes: bytes))
    }

    private func question(_ change: (inout [[UInt8]]) -> Void = { _ in }) -> [[UInt8]] {
        var frames = ["1.0", "7", Authenticator.domain, "10.0.0.9", "", "CURVE"].map { Array($0.utf8) } + [bytes]
        change(&frames)
        return frames
    }

    private func answer(_ request: [[UInt8]], allowed: [PublicKey]) -> ([String], Authenticator.Refusal?) {
        let (frames, refusal) = Authenticator.reply(to: request) { allowed.contains($0) }
        return (frames.map { String(decoding: $0, as: UTF8.self) }, refusal)
    }

    @Test func anAllowedKeyIsLetInUnderItsName() {
        let (frames, refusal) = answer(question(), allowed: [key])
        #expect(frames == ["1.0", "7", "200", "OK", key.text, ""])
        #expect(refusal == nil)
    }

    @Test func anyOtherKeyIsRefusedAndNamed() {
        let (frames, refusal) = answer(question(), allowed: [KeyPair().publicKey])
        #expect(frames == ["1.0", "7", "400", "this key is not allowed here", "", ""])
        #expect(refusal == .init(key: key, address: "10.0.0.9"))
    }

    @Test func whatIsNoQuestionOfOursIsRefused() {
        let changes: [(inout [[UInt8]]) -> Void] = [
            { $0 = [] }, { $0 = [[]] }, { $0.removeLast() }, { $0.append([]) }, { $0[0] = Array("2.0".utf8) },
            { $0[2] = Array("global".utf8) }, { $0[5] = Array("NULL".utf8) }, { $0[5] = Array("PLAIN".utf8) },
            { $0[6].removeLast() }, { $0[6].append(0) }, { $0[6] = [] }, { $0[2] = [0xFF] },
            {
                $0[3] = [UInt8](repeating: 65, count: 100_000) + [0]; $0[5] = []
            },
        ]
        for (index, change) in changes.enumerated() {
            let (frames, refusal) = answer(question(change), allowed: [key])
            #expect(frames.count == 6 && frames[2] == "400", "\(index)")
            #expect(refusal?.address.count ?? 1000 <= 64, "\(index)")
        }
    }
}
