using Fts.Accounts;
using Fts.Protocol.Rates;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Data;

/// <summary>The upload and download rates of an account. A manual clock measures the time that a transfer needs.</summary>
public sealed class BandwidthTests
{
    private const int Rate = 100_000, Length = 500_000; // 5 s

    private readonly ManualClock _clock = new();
    private readonly byte[] _content = new byte[Length];

    public BandwidthTests() => new Random(5).NextBytes(_content); // MODE Z cannot compress it

    [Theory, OnEveryWire]
    public async Task A_download_has_the_rate_of_its_account(Wire wire) => await CheckDownloadAsync(wire, "S", "I");

    [Theory]
    [InlineData("Z", "I")]
    [InlineData("S", "A")]
    public async Task A_download_with_compression_or_translation_has_the_rate_of_its_account(string mode, string type) =>
        await CheckDownloadAsync(Wire.IPv4, mode, type);

    [Theory, OnEveryWire]
    public async Task An_upload_has_the_rate_of_its_account(Wire wire) => await CheckUploadAsync(wire, "S", "I");

    [Theory]
    [InlineData("Z", "I")]
    [InlineData("S", "A")]
    public async Task An_upload_with_compression_or_translation_has_the_rate_of_its_account(string mode, string type) =>
        await CheckUploadAsync(Wire.IPv4, mode, type);

    [Theory]
    [InlineData(Wire.IPv4)]
    [InlineData(Wire.Tls13)]
    public async Task Files_in_block_mode_have_the_rate_of_their_account(Wire wire)
    {
        await using TestServer server = Start(wire);
        await server.WriteAsync("/f", _content);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync("C: MODE B\nS: 200 *\nC: EPSV\nS: 229 *");
        await client.SendAsync("RETR f");
        TimeSpan download = await MeasureAsync(client.Data!.ReadFileAsync());
        AssertFiveSeconds(download);
        await client.PlayAsync("S: 150 *\nS: 250 *");
        await client.SendAsync("STOR g");
        Task upload = SendBlocksAndReadReplyAsync(client);
        AssertFiveSeconds(await MeasureAsync(upload));
        Assert.Equal(Length, (await server.ReadBytesAsync("/g"))!.Length);

        async Task SendBlocksAndReadReplyAsync(Conversation client)
        {
            await client.Data!.SendAsync(Blocks.Encode(_content));
            await client.PlayAsync("S: 125 *\nS: 250 *");
        }
    }

    [Fact]
    public async Task All_transfers_of_a_session_share_its_rate()
    {
        await using TestServer server = Start(Wire.IPv4);
        await server.WriteAsync("/f", _content[..(Length / 5)]);
        await using Conversation client = await server.LogInAsync();
        var total = TimeSpan.Zero;
        for (int i = 0; i < 5; i++)
        {
            DataPeer data = await client.OpenDataAsync();
            await client.SendAsync("RETR f");
            total += await MeasureAsync(data.ReadToEndAsync());
            await client.PlayAsync("S: 150 *\nS: 226 *");
        }

        AssertFiveSeconds(total);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(999)]
    [InlineData(100_000)]
    [InlineData(12_500_000)]
    [InlineData(10_000_000_000)]
    public void The_granted_bytes_are_exact_and_without_bursts(long rate)
    {
        var limit = new BandwidthLimit(rate, _clock);
        long granted = 0, start = _clock.GetTimestamp();
        while (_clock.GetElapsedTime(start) < TimeSpan.FromSeconds(20))
        {
            TimeSpan delay = limit.GetDelay();
            if (delay > TimeSpan.Zero)
            {
                _clock.Advance(delay + TimeSpan.FromTicks(1));
                continue;
            }

            limit.Reserve(limit.ChunkBytes);
            granted += limit.ChunkBytes;
            double allowed = rate * (_clock.GetElapsedTime(start).TotalSeconds + 0.1);
            Assert.True(granted <= Math.Max(limit.ChunkBytes, allowed) + 1, $"{granted} bytes are more than {allowed}");
        }

        Assert.InRange(granted, rate * 19.0, rate * 21.0);
    }

    [Fact]
    public void A_pause_is_not_followed_by_a_burst()
    {
        var limit = new BandwidthLimit(1_000_000, _clock);
        limit.Reserve(50_000);
        _clock.Advance(TimeSpan.FromHours(1));
        int granted = 0;
        while (limit.GetDelay() == TimeSpan.Zero)
        {
            limit.Reserve(limit.ChunkBytes);
            granted += limit.ChunkBytes;
        }

        Assert.Equal(100_000, granted);
    }

    private static void AssertFiveSeconds(TimeSpan time) => Assert.InRange(time.TotalSeconds, 4.75, 5.25);

    private async Task CheckDownloadAsync(Wire wire, string mode, string type)
    {
        byte[] content = type == "A" ? [.. _content.Where(value => value is not (byte)'\n')] : _content;
        await using TestServer server = Start(wire);
        await server.WriteAsync("/f", content);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"C: MODE {mode}\nS: 200 *\nC: TYPE {type}\nS: 200 *");
        DataPeer data = await client.OpenDataAsync();
        await client.SendAsync("RETR f");
        AssertFiveSeconds(await MeasureAsync(data.ReadToEndAsync()));
        await client.PlayAsync("S: 150 *\nS: 226 *");
    }

    private async Task CheckUploadAsync(Wire wire, string mode, string type)
    {
        await using TestServer server = Start(wire);
        await using Conversation client = await server.LogInAsync();
        await client.PlayAsync($"C: MODE {mode}\nS: 200 *\nC: TYPE {type}\nS: 200 *");
        DataPeer data = await client.OpenDataAsync();
        await client.SendAsync("STOR f");
        AssertFiveSeconds(await MeasureAsync(SendAndReadReplyAsync()));

        async Task SendAndReadReplyAsync()
        {
            await client.PlayAsync("S: 150 *");
            await data.SendAsync(mode == "Z" ? Zlib.Compress(_content) : _content);
            await data.FinishAsync();
            client.CloseData();
            await client.PlayAsync("S: 226 *");
        }
    }

    /// <summary>Advances the clock whenever the server waits for it, until the task has completed. Returns the elapsed time.</summary>
    private async Task<TimeSpan> MeasureAsync(Task transfer)
    {
        long start = _clock.GetTimestamp();
        while (await Task.WhenAny(transfer, _clock.WaitForTimersAsync()) is var first && first != transfer)
        {
            if (_clock.Waiting is [var next, ..])
            {
                _clock.Advance(next);
            }
        }

        await transfer;
        return _clock.GetElapsedTime(start);
    }

    private TestServer Start(Wire wire) => new(wire, configure: options => options with
    {
        Authenticator = new RateLimitedAccounts(),
        TimeProvider = _clock,
    });

    private sealed class RateLimitedAccounts : IAuthenticator
    {
        public bool RequiresPassword(string userName) => true;

        public ValueTask<Account?> AuthenticateAsync(Credentials credentials, CancellationToken cancellationToken) => new(
            new Account("ann", Permissions.ReadWrite) { Limits = new AccountLimits { UploadRate = Rate, DownloadRate = Rate } });
    }
}
