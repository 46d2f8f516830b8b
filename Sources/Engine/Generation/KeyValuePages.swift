/// Which pages of a cache of keys and values are taken, and what lies in them.
///
/// A page is a few neighbouring slots. A sequence's tokens lie in pages of its own in the order of its tokens; beginnings
/// that are alike, page by page, are shared (paged attention, Kwon et al., arXiv 2309.06180). Attention sums page by page,
/// so that a sequence's numbers depend neither on which pages it has nor on who shares them.
struct KeyValuePages {
    /// Slots of a page: whole blocks of keys.
    static let slots = 32

    /// The page before (-1 for none) and the page's tokens: with that one's own, the whole beginning of a sequence.
    private struct Content: Hashable {
        let before: Int
        let tokens: [Int32]
    }

    /// Sequences that have each page; free ones have none.
    private var users: [Int]
    private var free: [Int]
    private var known: [Content: Int] = [:]
    private var contents: [Content?]

    /// - Parameter count: of pages.
    init(count: Int) {
        users = Array(repeating: 0, count: count)
        contents = Array(repeating: nil, count: count)
        free = Array((0..<count).reversed())
    }

    var count: Int { users.count }
    var freeCount: Int { free.count }

    static func pages(forTokens tokens: Int) -> Int { (tokens + slots - 1) / slots }

    static func slots(ofPage page: Int) -> Range<Int> { page * slots..<(page + 1) * slots }

    /// A page of one's own; nil where all are taken.
    mutating func take() -> Int? {
        guard let page = free.popLast() else { return nil }
        users[page] = 1
        return page
    }

    /// The pages that hold the tokens' beginning already, which have one user more then. At least one token is not in them.
    mutating func shared(beginningOf tokens: [Int32]) -> [Int] {
        var pages: [Int] = []
        while (pages.count + 1) * Self.slots < tokens.count {
            let own = Self.slots(ofPage: pages.count)
            guard let page = known[Content(before: pages.last ?? -1, tokens: Array(tokens[own]))] else { break }
            users[page] += 1
            pages.append(page)
        }
        return pages
    }

    /// Lets others share a full page whose keys and values are computed, or come before theirs in the same plan.
    mutating func remember(_ page: Int, after before: Int?, tokens: ArraySlice<Int32>) {
        let content = Content(before: before ?? -1, tokens: Array(tokens))
        guard contents[page] == nil, known[content] == nil else { return }
        contents[page] = content
        known[content] = page
    }

    mutating func release(_ pages: [Int]) {
        // The last ones first, so that the next to take some gets them in their order.
        for page in pages.reversed() {
            users[page] -= 1
            guard users[page] == 0 else { continue }
            if let content = contents[page] {
                known[content] = nil
                contents[page] = nil
            }
            free.append(page)
        }
    }
}
