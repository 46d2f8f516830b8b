/// How the next token is chosen among all of the vocabulary.
public struct Sampling: Sendable, Hashable {
    /// What logits are divided by before the softmax; 0 takes the likeliest token, always.
    public var temperature: Double

    /// Only the likeliest tokens whose probabilities add up to this are drawn from (nucleus sampling, Holtzman et al.,
    /// arXiv 1904.09751); 1 draws from all.
    public var topP: Double

    /// - Precondition: `temperature` is finite and not negative, `topP` above 0 and at most 1.
    public init(temperature: Double, topP: Double = 1) {
        precondition(temperature.isFinite && temperature >= 0, "a temperature of \(temperature)")
        precondition(topP > 0 && topP <= 1, "a nucleus of \(topP)")
        self.temperature = temperature
        self.topP = topP
    }

    /// The likeliest token, of equally likely ones the first in the vocabulary.
    public static let greedy = Sampling(temperature: 0)
}
