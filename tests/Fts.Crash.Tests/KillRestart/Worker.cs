using Fts.CrashTests.Support;

namespace Fts.CrashTests.KillRestart;

/// <summary>
/// A client that changes its own files until the server is killed. Its expected state is kept over restarts of the server.
/// </summary>
internal sealed class Worker(string prefix, int seed)
{
    private const int MaxNames = 8, MaxRecords = 4;

    private readonly RandomChoices _random = new(seed);
    private readonly string[] _names = [.. Enumerable.Range(0, 4).Select(number => $"{prefix}-{number}")];
    private int _version;
    private RawFtpClient? _client;

    public string Prefix => prefix;

    public ExpectedState Expected { get; } = new();

    /// <summary>The number of partial uploads that were resumed and completed so far.</summary>
    public int ResumedUploads { get; private set; }

    /// <summary>The last lines of the current control connection.</summary>
    public string Transcript => _client?.Transcript ?? "nothing";

    private string FolderName => prefix + "-folder";

    /// <summary>Works until the server is killed. <paramref name="started"/> is called after the login.</summary>
    public async Task WorkAsync(int port, Action started)
    {
        try
        {
            using RawFtpClient client = await ConnectAsync(port);
            started();
            while (true)
            {
                var uploads = new UploadScenarios(client, Expected, _random);
                await RunStepAsync(client, uploads);
                ResumedUploads += uploads.ResumedUploads;
            }
        }
        catch (ConnectionLostException)
        {
            // The server was killed.
        }
    }

    /// <summary>
    /// After a restart, downloads the files with partial uploads and resumes about half of them. The others are kept for later rounds.
    /// </summary>
    public async Task RecoverAsync(int port)
    {
        using RawFtpClient client = await ConnectAsync(port);
        var uploads = new UploadScenarios(client, Expected, _random);
        foreach (string name in Expected.PartialUploads.Keys.ToArray())
        {
            await uploads.AssertDownloadAsync(name);
            if (_random.IsOneIn(2))
            {
                await ResumeAsync(client, uploads, name);
            }
        }

        ResumedUploads += uploads.ResumedUploads;
    }

    /// <summary>
    /// Returns the size that SIZE reports for each file with a partial upload, and the length of the committed file or 0.
    /// </summary>
    public async Task<(long? Size, long CommittedLength)[]> GetPartialSizesAsync(int port)
    {
        using RawFtpClient client = await ConnectAsync(port);
        var sizes = new List<(long? Size, long CommittedLength)>();
        foreach (string name in Expected.PartialUploads.Keys)
        {
            int? size = await new UploadScenarios(client, Expected, _random).GetSizeAsync(name);
            sizes.Add((size, Expected.Committed.GetValueOrDefault(name)?.Length ?? 0));
        }

        return [.. sizes];
    }

    /// <summary>Deletes all files, directories and partial uploads.</summary>
    public async Task DeleteAllAsync(int port)
    {
        using RawFtpClient client = await ConnectAsync(port);
        foreach (string name in Expected.Committed.Keys.Union(Expected.PartialUploads.Keys).ToArray())
        {
            await (name == FolderName ? ToggleFolderAsync(client) : DeleteAsync(client, name));
        }

        Expected.Clear();
    }

    private async Task<RawFtpClient> ConnectAsync(int port) => _client = await RawFtpClient.LogInAsync(port);

    private async Task RunStepAsync(RawFtpClient client, UploadScenarios uploads)
    {
        string[] names = [.. _names.Union(Expected.Committed.Keys.Where(name => name != FolderName))];
        string name = _random.PickOne(names);
        FileContent? committed = Expected.Committed.GetValueOrDefault(name);
        bool hasPartialUpload = Expected.PartialUploads.ContainsKey(name);
        switch (_random.NextBelow(20))
        {
            case < 3 when hasPartialUpload:
            case < 12 when hasPartialUpload && _random.IsOneIn(2):
                await ResumeAsync(client, uploads, name);
                break;
            case < 7:
                await uploads.StoreAsync(name, FileContent.FromRecord(NextRecord(name)));
                await AssertStateAsync(uploads, name);
                break;
            case < 10:
                await uploads.StoreInterruptedAsync(name, FileContent.FromRecord(NextRecord(name)));
                break;
            case < 13 when committed?.RecordCount < MaxRecords && !hasPartialUpload:
                await uploads.AppendAsync(name, NextRecord(name), isComplete: !_random.IsOneIn(4));
                break;
            case < 14 when committed?.RecordCount > 1 && !hasPartialUpload:
                int records = 1 + _random.NextBelow(committed.RecordCount - 1);
                // Not shorter than the replaced part: keeping the tail of a longer file is not tested here.
                await uploads.RewriteAsync(name, records, NextRecord(name, committed.Length - committed.TakeFirst(records).Length));
                break;
            case < 16 when committed is not null && !hasPartialUpload && _random.PickOne(names) is var target && target != name
                && !Expected.PartialUploads.ContainsKey(target):
                await RenameAsync(client, name, target, committed);
                break;
            case < 17 when names.Length < MaxNames:
                await uploads.StoreUniqueAsync(prefix + "-unique", FileContent.FromRecord(NextRecord(prefix)));
                break;
            case < 19 when committed is not null || hasPartialUpload:
                await DeleteAsync(client, name);
                await AssertStateAsync(uploads, name);
                break;
            case 19:
                await ToggleFolderAsync(client);
                break;
            default:
                await AssertStateAsync(uploads, name);
                break;
        }
    }

    private FileRecord NextRecord(string name, int minLength = 0) =>
        new(name, ++_version, minLength + _random.NextLength(), _random.NextSeed());

    private Task ResumeAsync(RawFtpClient client, UploadScenarios uploads, string name) =>
        Expected.PartialUploads[name].IsUncertain ? DeleteAsync(client, name) : uploads.ResumeAsync(name);

    private async Task AssertStateAsync(UploadScenarios uploads, string name)
    {
        if (!Expected.PartialUploads.ContainsKey(name))
        {
            Assert.Equal(Expected.Committed.GetValueOrDefault(name)?.Length, await uploads.GetSizeAsync(name));
        }

        if (_random.IsOneIn(4))
        {
            await uploads.AssertDownloadAsync(name);
        }
    }

    private async Task RenameAsync(RawFtpClient client, string source, string target, FileContent content)
    {
        Expected.Begin(new Operation($"RNFR {source}, RNTO {target}", (source, null), (target, content)));
        await client.ExecuteAsync("RNFR " + source, "350");
        await client.ExecuteAsync("RNTO " + target, "250");
        Expected.Acknowledge();
    }

    private async Task DeleteAsync(RawFtpClient client, string name)
    {
        // After a kill the partial upload may be missing.
        string[] codes = Expected.Committed.ContainsKey(name) || Expected.PartialUploads[name].IsExact ? ["250"] : ["250", "550"];
        Expected.Begin(new Operation("DELE " + name, (name, null)) { Name = name });
        await client.ExecuteAsync("DELE " + name, codes);
        Expected.Acknowledge();
    }

    private async Task ToggleFolderAsync(RawFtpClient client)
    {
        bool exists = Expected.Committed.ContainsKey(FolderName);
        Expected.Begin(new Operation(exists ? "RMD" : "MKD", (FolderName, exists ? null : FileContent.Folder)));
        await client.ExecuteAsync($"{(exists ? "RMD" : "MKD")} {FolderName}", exists ? "250" : "257");
        Expected.Acknowledge();
    }
}
