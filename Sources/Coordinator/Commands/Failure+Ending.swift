internal import CommandLineTool
internal import Diagnostics
internal import Foundation
internal import JobConfiguration
internal import JobStore
internal import Margins
internal import Protocol
internal import Transport

extension Failure {
    /// What a command that worked with a job ends with. Only what a person must change, the configuration or a file that
    /// it names, is `usage`, after which a supervisor does not start the command again. A disk, a lock or a network may
    /// be well the next time.
    ///
    /// - Parameter state: the job's state folder, which the errors of its database do not name.
    init(ending error: any Error, state: String) {
        if let explanation = Ledger.explanation(of: error, in: state) {
            self.init(explanation)
            return
        }
        switch error {
        case let failure as Failure: self = failure
        case let problem as Problem: self.init("\(problem)", status: problem.isOfConfiguration ? .usage : .failure)
        // Of the anchors or the labels, which are the same the next time.
        case is ConfigurationError, is DirectionError: self.init("\(error)", status: .usage)
        case let error as ZeroMQError where error.code == EINVAL:
            // No address at all, whatever the network does.
            self.init("\(error)", status: .usage)
        default: self.init("\(error)")
        }
    }
}
