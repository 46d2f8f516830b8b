import Margins
import Testing

@testable import Reports

struct PlotTests {
    @Test(arguments: [
        (0.0...1, 6, [0, 0.2, 0.4, 0.6, 0.8, 1]), (0.47...0.66, 6, [0.45, 0.5, 0.55, 0.6, 0.65, 0.7]),
        (-2.9...3.7, 6, [-4, -2, 0, 2, 4]), (0...1234, 4, [0, 500, 1000, 1500]),
    ])
    func anAxisEndsAtRoundNumbers(range: ClosedRange<Double>, ticksMax: Int, ticks: [Double]) {
        #expect(Axis(covering: range, from: 0, to: 100, ticksMax: ticksMax).ticks == ticks)
    }

    @Test(
        arguments: [
            0...0, 5...5, -1e308...1e308, 0...Double.leastNonzeroMagnitude, 1e-300...2e-300, 1e17...(1e17 + 64),
            -1e-9...1e9,
        ] as [ClosedRange<Double>])
    func anAxisOfAnyRangeHasTicksWithinIt(range: ClosedRange<Double>) {
        let axis = Axis(covering: range, from: 0, to: 100)
        #expect(axis.ticks.count <= 101 && axis.ticks.allSatisfy(\.isFinite))
        #expect((0...100).contains(axis.position(range.lowerBound)))
        #expect((0...100).contains(axis.position(range.upperBound)))
    }

    @Test func positionsAreInProportion() {
        let axis = Axis(covering: 0...10, from: 100, to: 0)
        #expect([0, 2.5, 10, 11, -1].map(axis.position) == [100, 75, 0, 0, 100])
    }

    @Test func aPlotSaysInWordsWhatItShows() throws {
        let plot = IntervalPlot(
            rows: [.init(label: "a & b", value: 0.61, low: 0.58, high: 0.64)], reference: 0.5, referenceLabel: "chance")
        let parsed = try ParsedPage(Array(plot.markup(id: "x", title: "T").source.utf8))
        let svg = try #require(parsed.all("svg").first)
        #expect(svg.attributes["role"] == "img" && svg.attributes["aria-labelledby"] == "x-title x-description")
        #expect(parsed.node("x-title")?.text == "T")
        #expect(parsed.node("x-description")?.text == "chance. a & b: 61.0 % (58.0 % to 64.0 %)")
    }

    @Test func intervalsAndDotsAreWhereTheAxisHasTheirValues() throws {
        let plot = IntervalPlot(
            rows: [
                .init(label: "a", value: 0.6, low: 0.55, high: 0.65),
                .init(label: "b", value: 0.5, low: 0.45, high: 0.55),
            ], reference: 0.5, referenceLabel: "chance")
        let parsed = try ParsedPage(Array(plot.markup(id: "x", title: "T").source.utf8))
        let lines = parsed.all("line").filter { $0.attributes["class"] == "interval" }
        let dots = parsed.all("circle").compactMap { $0.attributes["cx"].flatMap(Double.init) }
        let starts = lines.compactMap { $0.attributes["x1"].flatMap(Double.init) }
        let ends = lines.compactMap { $0.attributes["x2"].flatMap(Double.init) }
        #expect(dots.count == 2 && starts.count == 2 && ends.count == 2)
        #expect(abs(dots[0] - ends[1] - (ends[0] - dots[0])) < 0.3, "0.6 is as far from 0.55 as from 0.65")
        let reference = parsed.all("line").first { $0.attributes["class"] == "reference" }
        #expect(reference?.attributes["x1"].flatMap(Double.init) == dots[1])
    }

    @Test func aHistogramsBarsAreAsHighAsTheirCounts() throws {
        var (contradicting, others) = (Histogram(range: -2...2, binCount: 4), Histogram(range: -2...2, binCount: 4))
        for _ in 0..<10 { contradicting.add(-0.5) }
        for _ in 0..<20 { others.add(0.5) }
        let plot = HistogramPlot(contradicting: contradicting, others: others, unit: "margin")
        let parsed = try ParsedPage(Array(plot.markup(id: "x", title: "T").source.utf8))
        func heights(_ name: String) -> [Double] {
            // The legend's are 10 high.
            parsed.all("rect").filter { $0.attributes["class"] == name && $0.attributes["height"] != "10" }
                .compactMap { $0.attributes["height"].flatMap(Double.init) }
        }
        #expect(heights("with").count == 1 && heights("against").count == 1)
        #expect(abs(heights("with")[0] - 2 * heights("against")[0]) <= 0.2)
        let description = parsed.node("x-description")?.text
        #expect(
            description
                == "-1.0 to 0.0: 10 rows, 10 of them against the label; 0.0 to 1.0: 20 rows, 0 of them against the label"
        )
    }
}
