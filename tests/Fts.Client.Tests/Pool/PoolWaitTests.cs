using System.Text;
using Fts.Client.Tests.Support;
using Fts.Protocol;

namespace Fts.Client.Tests.Pool;

/// <summary>Calls that wait for a connection which another call of the same program holds.</summary>
public sealed class PoolWaitTests
{
    private const string Listing = "C: EPSV\nS: 229 ok (|||{port}|)\nC: MLSD\nS: 150 go\n";
    private const string TwoFiles = "D> type=file; a\\r\\ntype=file; b\\r\\n\nD.\nS: 226 done\n";

    private readonly FakeClock _clock = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private static string Retrieve(string name) =>
        $"C: EPSV\nS: 229 ok (|||{{port}}|)\nC: RETR {name}\nS: 150 go\nD> content of {name}\nD.\nS: 226 done\n";

    private FtpClientOptions OneConnection(ScriptedPeer peer) => peer.Options with { MaxConnections = 1, TimeProvider = _clock };

    private static async Task<string> DownloadAsync(FtpClient client, string path)
    {
        using var target = new MemoryStream();
        await client.DownloadAsync(target, path,
            new FtpTransferOptions { SourceEntry = new FtpEntry { Path = path, Name = path, Kind = FtpEntryKind.File } }, null, Token);
        return Encoding.UTF8.GetString(target.ToArray());
    }

    [Fact]
    public async Task Each_file_of_a_listing_is_downloaded_while_it_is_enumerated_over_one_connection()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login("MLST type*;") + Listing + TwoFiles + Retrieve("a") + Retrieve("b"));
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            var contents = new List<string>();
            await foreach (FtpEntry entry in client.ListAsync("", Token))
            {
                contents.Add(await DownloadAsync(client, entry.Path));
            }

            Assert.Equal(["content of a", "content of b"], contents);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_directory_is_listed_while_its_parent_is_enumerated_over_one_connection()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST type*;") + Listing + "D> type=dir; in\\r\\ntype=file; z\\r\\n\nD.\nS: 226 done\n"
            + Listing.Replace("MLSD", "MLSD in", StringComparison.Ordinal) + TwoFiles);
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            var paths = new List<string>();
            await foreach (FtpEntry entry in client.ListAsync("", Token))
            {
                paths.Add(entry.Path);
                if (entry.Kind == FtpEntryKind.Directory)
                {
                    await foreach (FtpEntry below in client.ListAsync(entry.Path, Token))
                    {
                        paths.Add(below.Path);
                    }
                }
            }

            Assert.Equal(["in", "in/a", "in/b", "z"], paths);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_listing_that_fails_while_it_is_read_ahead_throws_after_its_entries()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST type*;") + Listing
                + "D> type=file; a\\r\\ntype=file; b\\r\\n\nD.\nS: 451 disk error\nC: NOOP\nS: 200 ok\nC: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            var names = new List<string>();
            var e = await Assert.ThrowsAsync<FtpReplyException>(async () =>
            {
                await foreach (FtpEntry entry in client.ListAsync("", Token))
                {
                    names.Add(entry.Name);
                    await client.SendAsync("NOOP", null, Token);
                }
            });
            Assert.Equal((451, "a b"), ((int)e.Reply.Code, string.Join(' ', names)));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_listing_that_is_disposed_while_it_is_read_ahead_is_aborted()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login("MLST type*;") + Listing
                + "D> type=file; a\\r\\n\nC: ABOR\nS: 426 stopped\nS: 226 aborted\nC: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            Task<FtpReply> waiting;
            await using (IAsyncEnumerator<FtpEntry> entries = client.ListAsync("", Token).GetAsyncEnumerator(Token))
            {
                Assert.True(await entries.MoveNextAsync());
                waiting = client.SendAsync("NOOP", null, Token);
            }

            Assert.Equal(200, (int)(await waiting).Code);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_call_that_waits_for_an_open_stream_times_out_with_the_path_in_the_message()
    {
        await using var peer =
            ScriptedPeer.Start(ScriptedPeer.Login() + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR big file\nS: 150 go\n? never");
        await using var client = new FtpClient(OneConnection(peer));
        Stream open = await client.OpenReadAsync("big file", 0, Token);
        Task<FtpReply> call = client.SendAsync("NOOP", null, Token);
        await _clock.WaitForTimersAsync(TimeSpan.FromSeconds(60));
        _clock.Advance(TimeSpan.FromSeconds(60));
        var e = await Assert.ThrowsAsync<FtpTimeoutException>(() => call);
        Assert.Equal("no connection became free for 60 s; all 1 connections are in use: reading of 'big file', held for 60 s", e.Message);
        Assert.Equal((FtpOperationPhase.Acquire, TimeSpan.FromSeconds(60)), (e.Phase, e.Limit));
        open.Dispose();
    }

    [Fact]
    public async Task A_call_that_waits_for_a_transfer_with_progress_does_not_time_out()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login()
                + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> one\n? more\nD> two\n? end\nD.\nS: 226 done\nC: NOOP\nS: 200 ok");
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            await using Stream open = await client.OpenReadAsync("a", 0, Token);
            Task<FtpReply> call = client.SendAsync("NOOP", null, Token);
            await _clock.WaitForTimersAsync(TimeSpan.FromSeconds(60));
            byte[] buffer = new byte[3];
            foreach (string gate in (string[])["more", "end"])
            {
                _clock.Advance(TimeSpan.FromSeconds(40));
                await open.ReadExactlyAsync(buffer, Token);
                peer.OpenGate(gate);
            }

            Assert.Equal("two", Encoding.UTF8.GetString(buffer));
            Assert.Equal(0, await open.ReadAsync(buffer, Token));
            await open.DisposeAsync();
            Assert.Equal(200, (int)(await call).Code);
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task A_call_that_waits_for_a_slow_reply_does_not_time_out()
    {
        await using var peer = ScriptedPeer.Start(ScriptedPeer.Login() + "C: HELP HASH\n? go\nS: 200 one\nC: NOOP\nS: 200 two");
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            await client.ConnectAsync(Token);
            Task<FtpReply> slow = client.SendAsync("HELP", "HASH", Token);
            Task<FtpReply> call = client.SendAsync("NOOP", null, Token);
            for (int minute = 0; minute < 3; minute++)
            {
                await _clock.WaitForTimersAsync(TimeSpan.FromSeconds(60));
                _clock.Advance(TimeSpan.FromSeconds(60));
            }

            await _clock.WaitForTimersAsync(TimeSpan.FromSeconds(60));
            peer.OpenGate("go");
            Assert.Equal(["one", "two"], (await Task.WhenAll(slow, call)).Select(reply => reply.Text));
        }

        await peer.PlayedAsync();
    }

    [Fact]
    public async Task Waiting_calls_are_served_in_order_of_arrival()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login() + "C: HELP 0\n? go\nS: 200 ok\n"
                + string.Concat(Enumerable.Range(1, 9).Select(number => $"C: HELP {number}\nS: 200 ok\n")));
        await using (var client = new FtpClient(OneConnection(peer)))
        {
            Task<FtpReply>[] calls = [.. Enumerable.Range(0, 10).Select(number => client.SendAsync("HELP", $"{number}", Token))];
            peer.OpenGate("go");
            await Task.WhenAll(calls);
        }

        await peer.PlayedAsync();
    }
}
