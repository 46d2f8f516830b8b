package import Margins
package import Reports

/// The part of a job's `TrustFigures` that all annotated rows give.
package struct RowFigures: Hashable, Sendable {
    package var labelAgreement: TrustFigures.Agreement?
    package var selective: [SelectiveAccuracy] = []
    package var agreementAtEqualLength: TrustFigures.Agreement?
    package var baselines = TrustFigures.Baselines()
    package var confounds = TrustFigures.Confounds()

    /// nil where no row's strength is known.
    package var strength: TrustFigures.Strength?

    package init() {}
}

extension TrustFigures {
    /// Takes over what the rows say, and their warnings.
    package mutating func add(_ rows: RowFigures) {
        labelAgreement = rows.labelAgreement
        selective = rows.selective
        agreementAtEqualLength = rows.agreementAtEqualLength
        baselines = rows.baselines
        strength = rows.strength
        confounds.length = rows.confounds.length
        confounds.finalCharacter = rows.confounds.finalCharacter
        confounds.refusalWording = rows.confounds.refusalWording
        confounds.truncation = rows.confounds.truncation
        warnings += rows.warnings(isSurveyed: survey != nil, isOfAnchors: run.source != "own")
    }
}
