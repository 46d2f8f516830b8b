internal import Foundation

/// The probability that a variable of Student's distribution is at least so far from 0, on either side.
///
/// `I_x(n/2, 1/2)` with `x = n / (n + t²)`: the regularised incomplete beta function by its continued fraction (NIST
/// Digital Library of Mathematical Functions, 8.17.22), to about 1e-13.
///
/// - Precondition: `degreesOfFreedom` > 0; `statistic` is not NaN.
func studentTails(_ statistic: Double, degreesOfFreedom: Int) -> Double {
    precondition(degreesOfFreedom > 0 && !statistic.isNaN)
    guard statistic.isFinite else { return 0 }
    let n = Double(degreesOfFreedom)
    return incompleteBeta(n / (n + statistic * statistic), n / 2, 0.5)
}

/// `I_x(a, b)`, for `x` from 0 to 1.
private func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    guard x > 0 else { return 0 }
    guard x < 1 else { return 1 }
    // The fraction converges fast below about the mean alone.
    guard x <= (a + 1) / (a + b + 2) else { return 1 - incompleteBeta(1 - x, b, a) }
    let front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)) / a
    // Lentz's evaluation, in which no denominator may be 0.
    func apart(_ value: Double) -> Double { abs(value) < 1e-300 ? 1e-300 : value }
    var denominator = 1 / apart(1 - (a + b) * x / (a + 1))
    var numerator = 1.0
    var fraction = denominator
    for index in 1..<10_000 {
        let m = Double(index)
        let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        denominator = 1 / apart(1 + even * denominator)
        numerator = apart(1 + even / numerator)
        fraction *= denominator * numerator
        let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        denominator = 1 / apart(1 + odd * denominator)
        numerator = apart(1 + odd / numerator)
        let change = denominator * numerator
        fraction *= change
        if abs(change - 1) < 1e-15 { break }
    }
    return front * fraction
}

/// Holm's adjustment of p-values for how many there are (Scandinavian J. Statistics 1979): what is below a level after it is
/// so with all false alarms together no more likely than the level; in the order given.
package func holmAdjusted(_ values: [Double]) -> [Double] {
    var adjusted = values
    var least = 0.0
    for (place, index) in values.indices.sorted(by: { (values[$0], $0) < (values[$1], $1) }).enumerated() {
        least = max(least, min(Double(values.count - place) * values[index], 1))
        adjusted[index] = least
    }
    return adjusted
}
