internal import ArgumentParser
internal import CommandLineTool
internal import Foundation
internal import Transport

struct KeygenCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keygen",
        abstract: "Make the keys that let workers on other machines join, and nobody else.",
        discussion: """
            Makes in FOLDER:
              coordinator.key  the coordinator's secret key, for cluster.secret_key: it stays on this machine
              worker.key       copy it to the workers' machines: with it, and the coordinator's address, they join
              allowed.keys     the public keys that are let in, for cluster.allowed_keys: NAME KEY lines, # comments

            All workers may use the one worker.key. A key for some of them alone (--worker) can be taken from them alone: \
            delete its line in allowed.keys. A coordinator that runs reads the file again by itself, at once, without a \
            restart or a signal; what a worker sends whose key is gone is dropped from then on, also on a connection that \
            it has, its units go to others at its next message, and it cannot connect again. (Units that were \
            on their way to it when the line was deleted may still reach it.) A file with a mistake in it changes nothing \
            but the log.

            Key files are readable by their owner alone (mode 0600), and refused when others can read them. Nothing is \
            overwritten.

            EXAMPLES
              legend-coordinator keygen keys
              legend-coordinator keygen --worker gpu-room keys     makes keys/gpu-room.key and adds it to allowed.keys
            """)

    @Argument(help: "The folder of the keys; it is made where it is missing.", completion: .directory)
    var folder = "keys"

    @Option(
        help: ArgumentHelp(
            "Make one more worker key, of this name, for a coordinator that has keys.", valueName: "name"))
    var worker: String?

    func validate() throws {
        if let worker, !AllowList.isName(worker) {
            throw ValidationError(
                "--worker: expected letters, digits, \".\", \"_\" and \"-\", at most 64, found \(worker.debugDescription)"
            )
        }
    }

    func run() throws {
        do {
            if let worker { try addWorker(worker) } else { try makeCluster() }
        } catch {
            throw Failure("\(error)", status: .usage)
        }
    }

    private func path(_ name: String) -> String { folder.hasSuffix("/") ? folder + name : "\(folder)/\(name)" }

    private func makeCluster() throws {
        let names = ["coordinator.key", "worker.key", "allowed.keys"]
        if let old = names.map(path).first(where: FileManager.default.fileExists) {
            throw Failure(
                """
                \(old) is there already, and is not overwritten: choose another folder, or add a worker's key with \
                --worker NAME
                """)
        }
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure("cannot make the folder \(folder): \(error.localizedDescription)")
        }
        let coordinator = KeyPair()
        let worker = KeyPair()
        try KeyFile.create(path("coordinator.key"), coordinator: coordinator)
        try KeyFile.create(
            path("worker.key"), worker: "worker", ClientKeys(own: worker, coordinator: coordinator.publicKey))
        try AllowList.create(path("allowed.keys"), "worker", worker.publicKey)
        print(
            """
            \(path("coordinator.key"))  the coordinator's secret key: it stays here
            \(path("worker.key"))       copy it to the workers' machines (scp -p): legend-worker --connect … --key worker.key
            \(path("allowed.keys"))     who may join; add one more with: legend-coordinator keygen --worker NAME \(folder)

            In the configuration:
              cluster:
                secret_key: \(path("coordinator.key"))
                allowed_keys: \(path("allowed.keys"))
            """)
    }

    private func addWorker(_ name: String) throws {
        let coordinator = try KeyFile.coordinator(path("coordinator.key"))
        let file = path("\(name).key")
        guard !FileManager.default.fileExists(atPath: file) else {
            throw Failure("\(file) is there already, and is not overwritten: choose another name")
        }
        let keys = ClientKeys(own: KeyPair(), coordinator: coordinator.publicKey)
        // First who may join: a key file without its line would be a riddle, a line without its key file is none.
        try AllowList.add(name, keys.own.publicKey, to: path("allowed.keys"))
        try KeyFile.create(file, worker: name, keys)
        print(
            """
            \(file)  copy it to the worker's machine: legend-worker --connect … --key \(name).key
            It is allowed in \(path("allowed.keys")) as \(name).
            """)
    }
}
