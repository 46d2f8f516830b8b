internal import JobConfiguration
internal import Protocol
internal import Transport

/// The keys of a job whose cluster asks for keys.
struct ClusterAccess: Sendable {
    let control: AccessControl

    /// For the workers that the coordinator starts itself; made anew for each run.
    let local: ClientKeys

    /// - Throws: `Problem`.
    init(_ files: JobConfiguration.Configuration.Keys) throws {
        let keys = try KeyFile.coordinator(files.secretKey)
        local = ClientKeys(own: KeyPair(), coordinator: keys.publicKey)
        control = AccessControl(
            keys: keys,
            allowed: try AllowList(
                path: files.allowedKeys,
                always: [keys.publicKey: "coordinator", local.own.publicKey: "local workers"]))
    }
}
