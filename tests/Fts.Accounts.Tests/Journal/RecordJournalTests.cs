using Fts.Accounts.Events;
using Fts.Accounts.Journal;
using Fts.Accounts.Recording;
using Fts.Storage;

namespace Fts.Accounts.Tests.Journal;

public sealed class RecordJournalTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("fts-journal-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public void A_reopened_journal_returns_settled_entries_and_open_intents()
    {
        using (RecordJournal journal = Open(out RecoveredJournal empty))
        {
            Assert.True(empty.WasStopped);
            long first = journal.WriteIntent(Create("first"));
            long second = journal.WriteIntent(Create("second"));
            long third = journal.WriteIntent(Create("third"));
            journal.Settle(second);
            journal.Drop(first);
            journal.WriteEffect(Create("effect"));
            Assert.Equal(3, third);
        }

        using RecordJournal reopened = Open(out RecoveredJournal recovered);
        Assert.Equal(["second", "effect"], recovered.Settled.Select(settled => GetName(settled.Entry)));
        Assert.Equal(["third"], recovered.Open.Select(open => GetName(open.Value)));
        Assert.False(recovered.WasStopped);
        reopened.Settle(recovered.Open[0].Key);
        Assert.Equal(["second", "effect", "third"], reopened.PeekSettled(10).Select(settled => GetName(settled.Entry)));
    }

    [Fact]
    public void Entries_that_are_in_the_database_are_not_returned_again()
    {
        long folded;
        using (RecordJournal journal = Open(out _))
        {
            journal.WriteEffect(Create("first"));
            folded = journal.PeekSettled(10)[0].Number;
            journal.WriteEffect(Create("second"));
            journal.RemoveFolded(folded);
            Assert.Equal(["second"], journal.PeekSettled(10).Select(settled => GetName(settled.Entry)));
        }

        using RecordJournal reopened = Open(out RecoveredJournal recovered, folded);
        Assert.Equal(["second"], recovered.Settled.Select(settled => GetName(settled.Entry)));
    }

    [Fact]
    public void A_record_that_a_killed_process_did_not_complete_is_ignored()
    {
        using (RecordJournal journal = Open(out _))
        {
            journal.WriteEffect(Create("first"));
            journal.WriteEffect(Create("second"));
        }

        string file = Assert.Single(Directory.GetFiles(_directory.FullName));
        using (FileStream stream = File.OpenWrite(file))
        {
            stream.SetLength(stream.Length - 3);
        }

        using RecordJournal reopened = Open(out RecoveredJournal recovered);
        Assert.Equal(["first"], recovered.Settled.Select(settled => GetName(settled.Entry)));
        Assert.True(recovered.DamagedBytes > 0);
        reopened.WriteEffect(Create("third"));
        Assert.Equal(["first", "third"], reopened.PeekSettled(10).Select(settled => GetName(settled.Entry)));
    }

    [Fact]
    public void A_stopped_journal_is_recognised_unless_an_operation_still_runs()
    {
        using (RecordJournal journal = Open(out _))
        {
            journal.WriteStopped();
        }

        using (RecordJournal journal = Open(out RecoveredJournal recovered))
        {
            Assert.True(recovered.WasStopped);
            journal.WriteIntent(Create("open"));
            journal.WriteStopped();
        }

        using RecordJournal reopened = Open(out RecoveredJournal afterOpen);
        Assert.False(afterOpen.WasStopped);
    }

    [Fact]
    public void Files_whose_entries_are_in_the_database_are_deleted_and_open_intents_stay()
    {
        using RecordJournal journal = Open(out _);
        long open = journal.WriteIntent(Create("open"));
        string large = new('x', 60_000);
        for (int round = 0; round < 200; round++)
        {
            journal.WriteEffect(Create(large));
            journal.RemoveFolded(journal.PeekSettled(10)[^1].Number);
        }

        Assert.Equal(["journal-000002"], Directory.GetFiles(_directory.FullName).Select(Path.GetFileName));
        journal.Settle(open);
        Assert.Equal("open", GetName(Assert.Single(journal.PeekSettled(10)).Entry));
    }

    private RecordJournal Open(out RecoveredJournal recovered, long foldedThrough = 0) =>
        RecordJournal.Open(_directory.FullName, foldedThrough, isDurable: false, out recovered);

    private static JournalEntry Create(string name) => new(JournalOperation.Delete)
    {
        Source = new StoreLocation("/srv", StorePath.Root),
        Events = [new AccountEvent(EventType.Deleted, DateTimeOffset.UnixEpoch) { Path = name }],
    };

    private static string? GetName(JournalEntry entry) => entry.Events[0].Path;
}
