import Margins
import SeededRandom
import Testing

@testable import TextFeatures

@Suite struct BagOfWordsTests {
    private func expect(_ vector: SparseVector, _ expected: [(feature: Int32, value: Double)]) {
        #expect(vector.features == expected.map(\.feature))
        for (value, reference) in zip(vector.values, expected) { #expect(abs(Double(value) - reference.value) < 1e-6) }
    }

    /// FNV-1a of the seed's eight bytes and the data's, and MurmurHash3's last step, computed in Python.
    @Test func theHashIsTheSameOnEveryMachine() {
        func hash(_ seed: UInt64, _ text: String) -> UInt32 {
            var hash = SeededHash(seed: seed)
            hash.append(text.utf8)
            return hash.value
        }
        #expect(hash(0, "") == 0xBB10_DC19)
        #expect(hash(0, "foobar") == 0x9087_7730)
        #expect(hash(.max, "foobar") == 0xF45E_4B61)
        #expect(hash(1, "é") == 0xDF15_DE8E)
    }

    /// Computed in Python.
    @Test func countsAreDampedHashedAndOfNormOne() {
        let text = "The cat can\u{2019}t see: the NAÏVE (the cat)"
        expect(
            BagOfWords().vector(of: text),
            [
                (46_407, 0.3242363), (80_111, 0.5139024), (201_439, 0.6484726), (207_207, 0.3242363),
                (237_684, 0.3242363),
            ])
        expect(
            BagOfWords(seed: 7, hasBigrams: true).vector(of: text),
            [
                (32_700, 0.4847262), (75_194, 0.2423631), (84_626, 0.2423631), (100_619, 0.2423631),
                (107_850, 0.3841364), (153_157, 0.2423631), (190_330, 0.2423631),
                (212_346, 0.2423631), (215_924, 0.3841364), (219_673, 0.2423631),
                (220_550, 0.2423631),
            ])
    }

    @Test func orderCaseAndPunctuationDontMatter() {
        let bag = BagOfWords()
        #expect(bag.vector(of: "The cat saw ÉMILE.") == bag.vector(of: "émile -- (cat) the/SAW"))
        #expect(bag.vector(of: "don't 'stop'") == bag.vector(of: "stop, don\u{2019}t!"))
        #expect(bag.vector(of: "cat") != bag.vector(of: "cats"))
        // Bytes are what counts, not what they look like.
        #expect(bag.vector(of: "caf\u{E9}") != bag.vector(of: "cafe\u{301}"))
        #expect(bag.vector(of: "東京") == bag.vector(of: "京、東"))
    }

    @Test func bigramsKnowTheOrder() {
        let bag = BagOfWords(hasBigrams: true)
        #expect(bag.vector(of: "a b c") != bag.vector(of: "c b a"))
        #expect(bag.vector(of: "a b c").features.count == 5)
        #expect(BagOfWords().vector(of: "a b c").features.count == 3)
        // A text of one word has none.
        #expect(bag.vector(of: "word") == BagOfWords().vector(of: "word"))
    }

    @Test func theSeedMovesEveryWord() {
        let words = (0..<100).map { "w\($0)" }.joined(separator: " ")
        let (first, second) = (BagOfWords(seed: 0).vector(of: words), BagOfWords(seed: 1).vector(of: words))
        #expect(Set(first.features).intersection(second.features).count < 3)
    }

    @Test func wordsAreSpreadEvenly() {
        // Of n words in m buckets n - m(1 - (1 - 1/m)^n) fall on others: 4,479 of 50,000, with a deviation of 59.
        let words = (0..<50_000).map { "w\($0)" }.joined(separator: " ")
        for seed in [UInt64(0), 1, 1 << 40] {
            let count = BagOfWords(seed: seed).vector(of: words).features.count
            print("seed \(seed): \(50_000 - count) words of 50,000 fall on others")
            #expect((50_000 - count - 4_479).magnitude < 300)
        }
    }

    @Test func wordsOfOneBucketAreOneFeature() {
        let bag = BagOfWords()
        #expect(bag.vector(of: "w421") == bag.vector(of: "w508"))
        expect(bag.vector(of: "w421 w508"), [(254_356, 1)])
    }

    @Test func textsWithoutWordsHaveNoFeature() {
        for text in ["", " ", "?!", "'", "\u{0}\u{FFFD}"] {
            for hasBigrams in [false, true] {
                #expect(BagOfWords(hasBigrams: hasBigrams).vector(of: text).features.isEmpty, "\(text)")
            }
        }
    }

    /// That the baseline's model takes the vectors, and learns from them what words say.
    @Test func aModelOfWordsTellsWhatOneWordDecides() throws {
        var random = SeededGenerator(seed: 2)
        let bag = BagOfWords()
        let rows = (0..<200).map { _ in
            let words = (0..<8).map { _ in "word\(Int.random(in: 0..<40, using: &random))" }.joined(separator: " ")
            let other = (0..<8).map { _ in "word\(Int.random(in: 0..<40, using: &random))" }.joined(separator: " ")
            return SparseVector.difference(bag.vector(of: words + " please"), bag.vector(of: other))
        }
        let groups = Array(0..<200)
        let folds = try #require(Folds(groups: groups, count: 5, seed: 1))
        let scores = try #require(
            FeatureModel.crossFittedScores(
                rows, groups: groups, folds: folds, featureCount: BagOfWords.featureCount))
        #expect(scores.count { $0 > 0 } == 200)
    }
}
