using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Listings;

public sealed class ListingTests
{
    private const string Mlsd = "C: EPSV\nS: 229 ok (|||{port}|)\nC: MLSD in\n";
    private const string Vms = "C: SYST\nS: 215 VMS OpenVMS V9.2-1\n";
    private const string List = "C: EPSV\nS: 229 ok (|||{port}|)\nC: LIST in\n";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static async Task<List<FtpEntry>> ListAsync(FtpClient client, string path = "in")
    {
        var entries = new List<FtpEntry>();
        await foreach (FtpEntry entry in client.ListAsync(path, Token))
        {
            entries.Add(entry);
        }

        return entries;
    }

    [Fact]
    public async Task MLSD_is_used_if_it_is_announced_and_the_directory_itself_is_omitted()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + Mlsd + """
            S: 150 go
            D> type=cdir; .\r\ntype=pdir; ..\r\ntype=file;size=3;modify=20260102030405;UNIX.mode=0644; a b.txt\r\ntype=dir; sub\r\n
            D.
            S: 226 done
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            List<FtpEntry> entries = await ListAsync(client);
            Assert.Equal(["in/a b.txt", "in/sub"], entries.Select(entry => entry.Path));
            Assert.Equal(
                (FtpEntryKind.File, 3L, FtpEntrySource.Mlsx), (entries[0].Kind, entries[0].Length!.Value, entries[0].Source!.Value));
            Assert.Equal((UnixFileMode)0x1A4, entries[0].UnixMode);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task After_MLSD_was_rejected_as_unknown_only_LIST_is_sent()
    {
        const string Unix = "S: 150 go\nD> total 1\\r\\n-rw-r--r-- 1 o g 3 Jan  2  2020 a.txt\\r\\n\nD.\nS: 226 done\n";
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + Mlsd + "S: 502 no\n" + Vms + List + Unix + List + Unix);
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal("a.txt", Assert.Single(await ListAsync(client)).Name);
            Assert.Equal(FtpEntrySource.Unix, Assert.Single(await ListAsync(client)).Source);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Formats_with_several_lines_per_entry_or_a_heading_are_parsed()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Vms + List + """
            S: 150 go
            D> Directory DKA0:[IN]\r\n\r\nA_NAME_THAT_FILLS_ITS_COLUMN.TEXT;12\r\n     5/8  2-JUL-2026 10:30:08  [ANN]  (RWED,RE,,)\r\nTotal of 1 file, 5/8 blocks\r\n
            D.
            S: 226 done

            """ + List + """
            S: 150 go
            D>  Name     VV.MM   Created       Changed      Size  Init   Mod   Id\r\nMEMBER01  01.03 2026/01/31 2026/02/01 09:37    11    11     0 ANN\r\nMEMBER02\r\n
            D.
            S: 226 done
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            FtpEntry entry = Assert.Single(await ListAsync(client));
            Assert.Equal(("in/A_NAME_THAT_FILLS_ITS_COLUMN.TEXT;12", 2560L, FtpEntrySource.Vms),
                (entry.Path, entry.Length!.Value, entry.Source!.Value));
            Assert.Equal(["MEMBER01", "MEMBER02"], (await ListAsync(client)).Select(member => member.Name));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("S: 226 done", typeof(FtpListingException))]
    [InlineData("S: 426 cut", typeof(FtpReplyException))]
    public async Task A_listing_without_a_readable_line_is_an_error_but_a_negative_final_reply_takes_precedence(string ending, Type error)
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login() + Vms + List + "S: 150 go\nD> <html>\\r\\n<p>not here\\r\\n\nD.\n" + ending);
        await using var client = new FtpClient(peer.Options);
        Assert.IsType(error, await Record.ExceptionAsync(() => ListAsync(client)));
    }

    [Fact]
    public async Task An_empty_directory_is_an_empty_listing()
    {
        await using var peer =
            ScriptedPeer.Start(
            ScriptedPeer.Login() + Vms + List + "S: 150 go\nD.\nS: 226 done\nC: PWD\nS: 257 \"/\"\nC: CWD in\nS: 250 ok\n"
            + List.Replace(" in", "", StringComparison.Ordinal) + "S: 150 go\nD.\nS: 226 done\nC: CWD /\nS: 250 ok");
        await using var client = new FtpClient(peer.Options);
        Assert.Empty(await ListAsync(client));
    }

    [Theory]
    [InlineData("S: 550 no such folder\nC: PWD\nS: 257 \"/\"\nC: CWD in\nS: 550 no such folder", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD.\nS: 226 done\nC: PWD\nS: 257 \"/\"\nC: CWD in\nS: 550 no such folder", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD.\nS: 226 Transfer done (but failed to open directory).", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD.\nS: 451 cannot read it", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD.\nS: 426 cut", typeof(FtpReplyException))]
    [InlineData("S: 150 go\nD!\nS: 226 done", typeof(FtpConnectionException))]
    [InlineData("S: 150 go\nD.\nX", typeof(FtpConnectionException))]
    public async Task A_failed_listing_is_an_error_and_not_an_empty_listing(string ending, Type error)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Vms + List + ending);
        await using var client = new FtpClient(peer.Options);
        Assert.IsType(error, await Record.ExceptionAsync(() => ListAsync(client)));
    }

    [Fact]
    public async Task A_line_in_an_unknown_format_is_an_unknown_entry_with_the_raw_line()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + Vms + List + """
            S: 150 go
            D> -rw-r--r-- 1 o g 3 Jan  2  2020 a.txt\r\nls: cannot open \x1b[1m\r\n-rw-r--r-- 1 o g 4 Jan  2  2020 b.txt\r\n
            D.
            S: 226 done
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            List<FtpEntry> entries = await ListAsync(client);
            Assert.Equal(["in/a.txt", "in", "in/b.txt"], entries.Select(entry => entry.Path));
            Assert.Equal((FtpEntryKind.Unknown, "", "ls: cannot open \u001b[1m", false, null),
                (entries[1].Kind, entries[1].Name, entries[1].RawLine, entries[1].IsSafeName, entries[1].Source));
            Assert.Equal((null, null), (entries[0].RawLine, entries[2].RawLine));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task An_empty_line_and_leading_blanks_do_not_break_MLSD()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + Mlsd + """
            S: 150 go
            D> type=cdir; .\r\n\u0020type=file;size=5;modify=20260102030405; a.txt\r\ntype=file;size=-1; b.txt\r\n\r\n
            D.
            S: 226 done
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal([("a.txt", 5L), ("b.txt", -1L)], (await ListAsync(client)).Select(entry => (entry.Name, entry.Length ?? -1)));
        }

        await peer.PlayedAsync();
    }

    [Theory]
    [InlineData("b.txt", true)]
    [InlineData("c.txt", false)]
    public async Task A_name_in_a_line_that_cannot_be_read_is_not_reported_as_missing(string name, bool isError)
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("EPSV") + Vms + List + """
            S: 150 go
            D> -rw-r--r-- 1 o g 3 Jan  2  2020 a.txt\r\nls: b.txt: Permission denied\r\n
            D.
            S: 226 done
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            if (isError)
            {
                Assert.Equal("ls: b.txt: Permission denied",
                    (await Assert.ThrowsAsync<FtpListingException>(() => client.GetEntryAsync($"in/{name}", Token))).RawLine);
            }
            else
            {
                Assert.Null(await client.GetEntryAsync($"in/{name}", Token));
            }
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_line_or_a_listing_without_end_is_an_error_at_the_limit()
    {
        string line = new('x', 5000);
        string entries = string.Concat(Enumerable.Repeat("type=file; a\\r\\n", 500));
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST") + Mlsd + $"S: 150 go\nD> type=file; {line}\nC: ABOR\nS: 426 a\nS: 226 b\n" + Mlsd
                + $"S: 150 go\nD> {entries}\nC: ABOR\nS: 426 a\nS: 226 b");
        await using (var client = new FtpClient(peer.Options with { Limits = new FtpLimits { ListingLine = 1000, Listing = 6000 } }))
        {
            Assert.Contains(
                "line", (await Assert.ThrowsAsync<FtpListingException>(() => ListAsync(client))).Message, StringComparison.Ordinal);
            Assert.Contains("listing exceeds the limit", (await Assert.ThrowsAsync<FtpListingException>(() => ListAsync(client))).Message,
                StringComparison.Ordinal);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task An_incompletely_read_listing_is_aborted_and_the_connection_stays_usable()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + Mlsd + """
            S: 150 go
            D> type=file; a\r\n
            C: ABOR
            S: 426 aborted
            S: 226 ok
            C: NOOP
            S: 200 ok
            """);
        await using (var client = new FtpClient(peer.Options))
        {
            await foreach (FtpEntry entry in client.ListAsync("in", Token))
            {
                Assert.Equal("a", entry.Name);
                break;
            }

            Assert.True((await client.SendAsync("NOOP", null, Token)).IsCompletion);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Unsafe_names_are_listed_and_marked()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + Mlsd + """
            S: 150 go
            D> type=file; ../../etc/passwd\r\ntype=file; /etc/passwd\r\ntype=file; a\\b\r\ntype=file; a\x07b\r\ntype=file; ok;=\u0020name\r\n
            D.
            S: 226 done
            """);
        await using var client = new FtpClient(peer.Options);
        List<FtpEntry> entries = await ListAsync(client);
        Assert.Equal([false, false, false, false, true], entries.Select(entry => entry.IsSafeName));
        Assert.Equal("ok;= name", entries[4].Name);
    }

    [Fact]
    public async Task A_listing_without_a_preliminary_reply_is_read()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST") + Mlsd + "D> type=file; a\\r\\n\nD.\nS: 226 done");
        await using (var client = new FtpClient(peer.Options))
        {
            Assert.Equal("a", Assert.Single(await ListAsync(client)).Name);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_path_that_looks_like_options_of_ls_is_sent_as_a_path()
    {
        await using var peer =
            ScriptedPeer.Start(
            ScriptedPeer.Login()
            + "C: SYST\nS: 215 UNIX Type: L8\nC: EPSV\nS: 229 ok (|||{port}|)\nC: LIST -a ./-la\nS: 550 no\n"
            + "C: EPSV\nS: 229 ok (|||{port}|)\nC: LIST ./-la\nS: 550 no\nC: PWD\nS: 257 \"/\"\nC: CWD -la\nS: 550 no");
        await using (var client = new FtpClient(peer.Options))
        {
            await Assert.ThrowsAsync<FtpReplyException>(() => ListAsync(client, "-la"));
        }

        await peer.PlayedAsync();
    }
}
