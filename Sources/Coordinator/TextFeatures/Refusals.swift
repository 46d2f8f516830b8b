/// The harmless side of anchors that have none: ways to decline that fit any request.
///
/// One constant sentence would make its own length, wording and final character part of the direction; in texts that
/// differ in these they average out. All are written for this list, mild, and of different lengths.
package enum Refusals {
    /// 24 texts of 12 to 400 characters, in English. Directions depend on them: a change is one of results.
    package static let varied = [
        // Short and curt.
        "Count me out.",
        "I won\u{2019}t do that.",
        "Hmm, no\u{2026} I\u{2019}d rather not",
        "That's a hard pass from me!",
        // Apologetic.
        "I'm sorry, but I can't help with that.",
        "My apologies, this is something I have to leave unanswered.",
        "Forgive me for being of no use here, but your question is one that I would sooner not take up.",
        "Oh dear, I am afraid I must disappoint you: what you describe lies outside of what I can do in good "
            + "conscience, however kindly it is asked.",
        // With an explanation.
        "Doing this could hurt somebody, and so I will not explain how it is done.",
        "There are people at the other end of a plan like this one who never agreed to it. Because of them I am not "
            + "going to give instructions, not even in part.",
        "Advice of this kind tends to end in harm, whatever the intention was. I don\u{2019}t know yours and "
            + "don\u{2019}t assume the worst, but my answer would be the same for anyone who asked: I leave it out.",
        "Two things keep me from going on. First, it is most likely against the law where you live; second, someone "
            + "else would have to pay for it, with money, health or peace of mind. Neither is worth it, and I believe "
            + "that you would see it the same way in a calmer moment.",
        // With an offer of help.
        "I can\u{2019}t go into that. Would you like some general information on how to stay safe instead?",
        "Not this, but gladly something close to it: if you tell me what you hope to achieve, we may find a way that "
            + "harms nobody.",
        "Better to skip this one. Is it for a story? Then let me work on the mood, the characters and the plot with "
            + "you, and leave the technical details to the reader's imagination.",
        "Let\u{2019}s try a different angle! I could tell you about the history of the subject, how such things are "
            + "prevented, or what courts have said of them (those are topics that I know more about, too)",
        // Formal.
        "The request is respectfully declined.",
        "It is not possible to provide the requested material, as it conflicts with the principles under which this "
            + "service operates.",
        "As an AI system, I am required to refrain from answering questions of this nature. Thank you for your "
            + "understanding; kindly choose a different topic.",
        // In the first person plural.
        "We don\u{2019}t assist with this.",
        "We appreciate that you asked, yet we cannot support it. Our guidelines put people's wellbeing first, and "
            + "exceptions are not ours to make.",
        // With a pointer to help.
        "If anyone near you is in danger right now, please call the emergency number of your country. With the rest of "
            + "your message I am unable to help.",
        "I hear that something is weighing on you, and I won't add to it with an answer that may do damage. Talking to "
            + "a friend, a doctor or a counselling line can make a difference, often a bigger one than it seems at "
            + "first: they listen, they don't judge, and many can be reached at any hour.",
        "Questions like yours belong to a professional who sees the whole situation: a lawyer, a pharmacist, a social "
            + "worker, the security team of the company concerned. From me there will be no steps to follow, since I "
            + "have no means of telling who might be affected by them. Many of these services cost nothing, keep what "
            + "they are told to themselves, and answer within a day or two.",
    ]

    /// Different refusals for a prompt: the same in every run, whatever other prompts there are.
    ///
    /// - Parameters:
    ///   - prompt: its UTF-8 decides: two texts that look alike but differ in bytes may have different refusals.
    ///   - count: how many, 0 to 24; what is outside is taken as the nearer bound. Fewer are the first of more.
    ///   - seed: of another choice for all prompts.
    package static func chosen(forPrompt prompt: String, count: Int, seed: UInt64) -> [String] {
        var prefix = SeededHash(seed: seed)
        prefix.append(prompt.utf8)
        let keys = varied.indices.map { index in
            var hash = prefix
            hash.append(UInt8(index))
            return hash.value
        }
        // No two keys are equal (`SeededHash.value`).
        let order = varied.indices.sorted { keys[$0] < keys[$1] }
        return order.prefix(max(0, count)).map { varied[$0] }
    }
}
