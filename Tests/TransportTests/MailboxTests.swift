import TestEnvironment
import Testing
import Transport

@Suite(.hangLimit) struct MailboxTests {
    @Test func allThatWaitsIsTakenAtOnceInTheOrderOfPosting() async {
        let mailbox = Mailbox<Int>()
        (1...5).forEach { mailbox.post($0) }
        #expect(mailbox.count == 5)
        #expect(await mailbox.next() == [1, 2, 3, 4, 5])
        #expect(mailbox.count == 0)
    }

    @Test func whatIsTakenIsNotTakenAgain() async {
        let mailbox = Mailbox<Int>()
        mailbox.post(1)
        #expect(await mailbox.next() == [1])
        mailbox.post(2)
        #expect(await mailbox.next() == [2])
    }

    @Test func aTaskThatWaitsGetsWhatIsPostedLater() async {
        let mailbox = Mailbox<String>()
        async let taken = mailbox.next()
        await Task.detached { mailbox.post("late") }.value
        #expect(await taken == ["late"])
    }

    @Test func theEndWakesATaskThatWaits() async {
        let mailbox = Mailbox<Int>()
        async let taken = mailbox.next()
        await Task.detached { mailbox.finish() }.value
        #expect(await taken == nil)
    }

    @Test func whatWasPostedBeforeTheEndIsStillTaken() async {
        let mailbox = Mailbox<Int>()
        mailbox.post(1)
        mailbox.finish()
        #expect(await mailbox.next() == [1])
        #expect(await mailbox.next() == nil)
    }

    @Test func whatIsPostedAfterTheEndIsDropped() async {
        let mailbox = Mailbox<Int>()
        mailbox.finish()
        mailbox.post(1)
        #expect(mailbox.count == 0)
        #expect(await mailbox.next() == nil)
    }

    @Test func anEndedMailboxEndsAgainAndAgain() async {
        let mailbox = Mailbox<Int>()
        mailbox.finish()
        mailbox.finish()
        #expect(await mailbox.next() == nil)
        #expect(await mailbox.next() == nil)
    }

    @Test func whatManyTasksPostArrivesOnceAndInEachTasksOrder() async {
        let mailbox = Mailbox<(task: Int, number: Int)>()
        let posting = Task {
            await withTaskGroup { group in
                for task in 0..<8 {
                    group.addTask { (0..<2000).forEach { mailbox.post((task, $0)) } }
                }
            }
            mailbox.finish()
        }
        var taken = [[Int]](repeating: [], count: 8)
        while let elements = await mailbox.next() {
            #expect(!elements.isEmpty)
            for element in elements { taken[element.task].append(element.number) }
        }
        await posting.value
        #expect(taken == Array(repeating: Array(0..<2000), count: 8))
    }
}
