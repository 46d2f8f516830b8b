import SeededRandom
import Testing

@testable import Margins

@Suite struct PermutationNullTests {
    @Test func pValuesCountTheLargestOverAllCells() {
        var null = PermutationNull()
        null.add([0.7] + (1...19).map { 0.5 + 0.01 * Double($0) })
        #expect(null.observed == [0.7] && null.pValue == 1 / 20.0 && null.nullAgreement == 0.69)
        null.add([0.65] + (1...19).map { $0 == 3 ? 0.9 : $0 == 19 ? 0.1 : 0.5 })
        #expect(null.observed == [0.7, 0.65] && null.maxima.count == 19)
        #expect(null.maxima[2] == 0.9 && null.maxima[18] == 0.69 && null.maxima[0] == 0.51)
        // 0.65 to 0.69, and 0.9.
        #expect(null.pValue(cell: 1) == 7 / 20.0 && null.pValue == null.pValue(cell: 0) && null.pValue == 2 / 20.0)
        #expect(null.nullAgreement == 0.9)
    }

    /// Of any number of permutations, the smallest value that is beyond one in 20.
    @Test(arguments: [19, 20, 39, 40, 99, 200, 999])
    func aboveTheNullAgreementAPValueIsAtMostOneIn20(_ permutations: Int) {
        let values = (0..<permutations).map { Double($0 * 7919 % permutations) / Double(permutations) }
        var null = PermutationNull()
        null.add([0] + values)
        let bound = null.nullAgreement
        null.add([bound] + values)
        null.add([bound.nextUp] + values)
        #expect(null.pValue(cell: 1) > 0.05 && null.pValue(cell: 2) <= 0.05)
    }
}
