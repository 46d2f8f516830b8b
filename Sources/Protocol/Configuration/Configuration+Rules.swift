internal import FileSystem
internal import Protocol

extension ConfigurationFile {
    /// Rules that join several keys of any job.
    func check(_ cluster: Configuration.Cluster, _ model: Configuration.Model) {
        if cluster.silenceSeconds < 2 * cluster.heartbeatSeconds {
            report(
                """
                cluster.silence_seconds (\(cluster.silenceSeconds)) must be at least twice \
                cluster.heartbeat_seconds (\(cluster.heartbeatSeconds)), or one late heartbeat ends a worker
                """)
        }
        if cluster.insecure, cluster.keys != nil {
            report(
                """
                cluster.insecure: true says that anybody may join, cluster.secret_key and cluster.allowed_keys that only \
                holders of a key may; remove one of them
                """)
        }
        if let port = cluster.listen.split(separator: ":").last, port != "*", UInt16(port) == nil {
            report("cluster.listen: expected a port from 0 to 65535, found \(port)")
        }
        if !cluster.insecure, cluster.keys == nil, !cluster.listensOnLoopbackOnly {
            report(
                """
                cluster.listen is \(cluster.listen): anybody who reaches this address could read the dataset and send \
                results. Make keys with `legend-coordinator keygen keys` and set cluster.secret_key: \
                keys/coordinator.key and cluster.allowed_keys: keys/allowed.keys. Or listen on 127.0.0.1 (and forward \
                the port, for example with ssh -L), or, on a network where that is acceptable, say cluster.insecure: true
                """)
        }
        if model.precision == .int8, [.oneDNN, .blas].contains(model.backend) {
            report("model.precision: int8 needs model.backend: native, or auto; found \(model.backend)")
        }
    }

    /// Those of a job that annotates.
    func check(_ configuration: Configuration) {
        check(configuration.cluster, configuration.model)
        if configuration.embedding.compatibility == .legend {
            if !["alpaca", "auto"].contains(configuration.embedding.template) {
                report("embedding.compat: legend needs embedding.template: alpaca, or auto")
            }
            if configuration.needsSurvey {
                report(
                    """
                    embedding.compat: legend needs one file of anchors without anchors.kind or a saved direction, and does \
                    not go with auto for embedding.layer or embedding.token
                    """)
            }
            if ![.automatic, .meanDifference].contains(configuration.direction.estimator) {
                report(
                    """
                    embedding.compat: legend needs direction.estimator: mean-difference, or auto; found \
                    \(configuration.direction.estimator)
                    """)
            }
            if configuration.embedding.token == .meanResponse {
                report("embedding.compat: legend needs embedding.token: last, or mean over the whole text")
            } else if configuration.embedding.kept?.tokens.contains(.meanResponse) == true {
                report("embedding.compat: legend needs embedding.keep_tokens of last, or mean over the whole text")
            }
        }
        if configuration.embedding.kept != nil, configuration.needsSurvey {
            report(
                """
                embedding.keep_embeddings needs embedding.layer and embedding.token that are not auto (what else is to be \
                kept goes into keep_layers and keep_tokens), and one file of anchors without anchors.kind or a saved direction
                """)
        }
        if case .probabilities = configuration.margin.bins, configuration.embedding.compatibility == .legend {
            report(
                """
                margin.bins: probabilities need margins that the rows' labels calibrate: embedding.compat: none; quantiles, \
                edges and equal_width do not
                """)
        }
        let sources = configuration.job.directionSource.anchors.count
        if configuration.anchors.kind != nil, !configuration.job.directionSource.anchors.contains(where: { $0 != .own })
        {
            report("anchors.kind needs a file in job.anchors, whose column it is; found none")
        }
        if configuration.direction.estimator == .ensemble, sources < 2, configuration.anchors.kind == nil {
            report(
                """
                direction.estimator: ensemble needs two or more sources in job.anchors, such as [own, anchors.jsonl], or \
                kinds of anchors (anchors.kind); found \
                \(sources == 0 ? "a saved direction" : "one")
                """)
        }
        if configuration.direction.by != nil,
            !configuration.surveys || configuration.job.directionSource.anchors != [.own]
        {
            report(
                """
                direction.by needs directions of the rows' own labels: job.anchors: own alone, or none, without \
                embedding.compat: legend and keep_embeddings
                """)
        }
        configuration.paths(ofFile: FilePlace.absolute(path)).collisions.forEach { report($0) }
    }
}

extension Configuration.Cluster {
    /// Whether only processes of this machine can connect.
    package var listensOnLoopbackOnly: Bool {
        listen.wholeMatch(of: #/tcp://(localhost|127(\.[0-9]{1,3}){3}|\[::1\]):([0-9]+|\*)/#) != nil
    }
}
