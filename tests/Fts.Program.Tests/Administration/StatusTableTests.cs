using Fts.Administration;
using Fts.Serving.Control;
using Fts.Transfers;

namespace Fts.ProgramTests.Administration;

/// <summary>The tables of <c>fts status</c> and <c>fts ban list</c>.</summary>
public sealed class StatusTableTests
{
    private static readonly DateTimeOffset Now = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Sessions_are_sorted_and_a_transfer_follows_its_session()
    {
        SessionStatus idle = Create(2, null, "2001:db8::1", null);
        SessionStatus busy = Create(1, "ann", "192.0.2.7", "TLS 1.3") with
        {
            Transfer = new TransferStatus("upload", "STOR", "/in/report.pdf", 450, 1_200_000, Now, 1_000),
        };
        Assert.Equal(
            """
            fts 1.0 on 0.0.0.0:21, process 7, running for 2h
                ID ACCOUNT          ADDRESS                                 TLS  AGE IDLE
                 1 ann              192.0.2.7                               1.3   3m    -
                   upload 45 % of 1.00 kB, 1.20 MB/s    /in/report.pdf
                 2 -                2001:db8::1                             -     3m   4s
            2 sessions, 1 transfer: 1.20 MB/s received, 0 B/s sent
            """,
            string.Join('\n', StatusTable.Format(CreateStatus([idle, busy]))));
    }

    [Fact]
    public void Without_sessions_the_table_is_one_line() =>
        Assert.Equal("no sessions", StatusTable.Format(CreateStatus([])).Last());

    [Fact]
    public void No_line_is_wider_than_80_columns()
    {
        SessionStatus session = Create(999_999, new string('名', 40), "2001:0db8:1111:2222:3333:4444:5555:6666", "TLS 1.3") with
        {
            Transfer = new TransferStatus(
                "download", "RETR", "/" + new string('x', 300), 123_456_789_012, 999_400_000_000, Now, 999_999_999_999),
        };
        Assert.All(StatusTable.Format(CreateStatus([session])), line => Assert.InRange(DisplayFormat.CountColumns(line), 0, 80));
        var ban = new BanStatus($"{new string('a', 100)}@2001:db8::/64", new string('r', 200), "automatic", 10, Now, Now.AddDays(3));
        BanStatus[] bans = [ban, ban with { Subject = "ann.smith@2001:db8:1111:2222::/64" }, ban with { Subject = "192.0.2.7" }];
        Assert.All(bans.Select((_, i) => bans.Take(i + 1)), some => Assert.All(
            BanTable.Format([.. some], Now).Where(line => !line.StartsWith("aaa", StringComparison.Ordinal)),
            line => Assert.InRange(DisplayFormat.CountColumns(line), 0, 80)));
    }

    [Fact]
    public void Control_characters_of_clients_are_escaped()
    {
        SessionStatus session = Create(1, "a\e[2Jb", "192.0.2.7", null) with
        {
            Transfer = new TransferStatus("other", "HASH", "x\ny", 0, 0, Now),
        };
        Assert.All(StatusTable.Format(CreateStatus([session])), line => Assert.DoesNotContain(line, char.IsControl));
    }

    [Fact]
    public void Bans_are_listed_with_their_end_and_reason()
    {
        BanStatus[] bans =
        [
            new("ann@192.0.2.7", "10 failed logins within 60 min", "automatic", 10, Now, Now.AddMinutes(15)),
            new("203.0.113.0/24", "port scans", "administrator", 0, Now),
        ];
        Assert.Equal(
            """
            SUBJECT              LEFT REASON
            ann@192.0.2.7        15m  10 failed logins within 60 min
            203.0.113.0/24       -    port scans
            """,
            string.Join('\n', BanTable.Format(bans, Now)));
        Assert.Equal(["no bans"], BanTable.Format([], Now));
    }

    [Theory]
    [InlineData(-1, "0s")]
    [InlineData(59, "59s")]
    [InlineData(60, "1m")]
    [InlineData(3599, "59m")]
    [InlineData(86_399, "23h")]
    [InlineData(86_400 * 400, "400d")]
    public void An_age_has_its_largest_unit(int seconds, string expected) =>
        Assert.Equal(expected, StatusTable.FormatAge(TimeSpan.FromSeconds(seconds)));

    private static SessionStatus Create(long id, string? account, string address, string? tls) =>
        new(id, address, 4711, Now.AddSeconds(-190), 4.2, account, Tls: tls);

    private static StatusResult CreateStatus(IReadOnlyList<SessionStatus> sessions) =>
        new("fts 1.0", 7, "0.0.0.0:21", Now.AddHours(-2.5), Now, sessions);
}
