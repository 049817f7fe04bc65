using Fts.Accounts.Events;
using Fts.Administration.Events;
using Fts.Transfers;

namespace Fts.ProgramTests.Administration;

/// <summary>The lines of <c>fts events</c> and <c>fts log</c>.</summary>
public sealed class EventTableTests
{
    private static readonly DateTimeOffset Time = new(2027, 1, 31, 12, 0, 1, 500, TimeSpan.Zero);

    public static TheoryData<AccountEvent, string> Lines { get; } = new()
    {
        { Create(EventType.Login) with { Detail = "password" }, "login ann password from 192.0.2.7" },
        { Create(EventType.LoginFailed) with { Rule = "login.credentials" }, "login_failed ann login.credentials from 192.0.2.7" },
        {
            Create(EventType.Uploaded) with { Path = "/in/a", Bytes = 1200000, Verdict = "complete" },
            "uploaded ann /in/a (1.20 MB, complete) from 192.0.2.7"
        },
        { Create(EventType.Renamed) with { Path = "/a", Target = "/b" }, "renamed ann /a -> /b from 192.0.2.7" },
        { Create(EventType.DirectoryMade) with { Path = "/d" }, "directory_made ann /d from 192.0.2.7" },
        {
            Create(EventType.Banned) with { Source = "administrator", Actor = "root", Detail = "until it is removed: abuse" },
            "banned ann 192.0.2.7: by root, until it is removed: abuse"
        },
        {
            Create(EventType.Unbanned) with { Source = "automatic", Detail = "ended: abuse" },
            "unbanned ann 192.0.2.7: automatic, ended: abuse"
        },
        {
            Create(EventType.Banned) with { Detail = "manual, until it is removed: abuse" },
            "banned ann 192.0.2.7: manual, until it is removed: abuse"
        },
        {
            Create(EventType.AccountChanged) with { Account = null, Address = null, Detail = "group staff removed" },
            "account_changed - group staff removed"
        },
        { Create((EventType)99) with { Path = "/a\u001b[31m\u202e" }, "type-99 ann /a\\x1b[31m\\u202e from 192.0.2.7" },
    };

    [Theory]
    [MemberData(nameof(Lines))]
    public void A_line_has_number_time_type_account_and_facts(AccountEvent happened, string expected) =>
        Assert.Equal("   7 2027-01-31 12:00:01 " + expected, new EventTable(1234, null).Format(Store(happened)));

    [Theory]
    [InlineData(1)]
    [InlineData(60)]
    [InlineData(3000)]
    public void Each_line_fits_80_columns(int length)
    {
        string text = string.Concat(Enumerable.Repeat("ä漢b", length));
        var table = new EventTable(9_999_999, 80);
        foreach (EventType type in Enum.GetValues<EventType>())
        {
            AccountEvent happened = Create(type) with { Account = text, Detail = type == EventType.Banned ? text : null };
            AccountEvent file = happened with { Path = "/" + text + "/end.pdf", Bytes = 123456789, Verdict = "complete" };
            foreach (AccountEvent each in new[] { happened, file, file with { Target = "/" + text + "/target.pdf", Bytes = null } })
            {
                string line = table.Format(Store(each));
                Assert.True(DisplayFormat.CountColumns(line) <= 80, line);
                Assert.True(each.Path is null || line.Contains(length == 1 ? "/" : "…", StringComparison.Ordinal), line);
            }
        }
    }

    [Fact]
    public void The_details_have_all_facts_and_no_control_characters()
    {
        AccountEvent full = Create(EventType.Uploaded) with
        {
            Session = 3, Path = "/a\n", Target = "/b", Bytes = 4, Verdict = "complete", Sha256 = new string('a', 64), Rule = "r",
            Detail = "d",
        };
        Assert.Equal(
            [
                "id        7",
                "time      2027-01-31 12:00:01.500000Z",
                "type      uploaded",
                "account   ann",
                "address   192.0.2.7",
                "session   3",
                "path      /a\\x0a",
                "target    /b",
                "bytes     4",
                "verdict   complete",
                "sha256    " + new string('a', 64),
                "rule      r",
                "detail    d",
                "previous  " + new string('0', 64),
                "hash      " + new string('1', 64),
            ],
            EventTable.FormatDetails(Store(full)));
    }

    private static AccountEvent Create(EventType type) => new(type, Time) { Account = "ann", Address = "192.0.2.7" };

    private static StoredEvent Store(AccountEvent happened) =>
        new(7, happened, new byte[32], [.. Enumerable.Repeat((byte)0x11, 32)]);
}
