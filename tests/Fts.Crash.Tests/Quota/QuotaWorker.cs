using System.Globalization;
using System.Net.Sockets;
using Fts.CrashTests.Support;

namespace Fts.CrashTests.Quota;

/// <summary>
/// One session that changes its own files at random. Each new file has a name that is used once, so that its events can be counted.
/// </summary>
internal sealed class QuotaWorker(int number, int seed)
{
    private readonly Random _random = new(seed);
    private readonly List<string> _files = []; // the acknowledged files, which this worker can change
    private readonly List<string> _renamed = [];
    private TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _lastFile;

    /// <summary>The paths of new files whose upload, copy or combination was acknowledged.</summary>
    public List<string> AcknowledgedUploads { get; } = [];

    /// <summary>The paths of new files whose upload was not acknowledged, because the server was killed or refused it.</summary>
    public List<string> UnacknowledgedUploads { get; } = [];

    public int RefusedByQuota { get; private set; }

    /// <summary>Completes when the worker of this round has logged in.</summary>
    public Task Started => _started.Task;

    /// <summary>Changes files until the server is killed.</summary>
    public async Task RunAsync(int port)
    {
        try
        {
            using RawFtpClient client = await RawFtpClient.LogInAsync(port);
            _started.TrySetResult();
            while (true)
            {
                await ChangeAsync(client);
            }
        }
        catch (Exception e) when (e is ConnectionLostException or SocketException)
        {
            // The server was killed.
        }
        finally
        {
            _started.TrySetResult();
            _started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    private Task ChangeAsync(RawFtpClient client) => _random.Next(_files.Count > 12 ? 14 : 10) switch
    {
        < 3 => CreateAsync(client, name => UploadAsync(client, "STOR " + name)),
        3 => UploadExistingAsync(client, ""),
        4 => UploadExistingAsync(client, "REST " + _random.Next(3000).ToString(CultureInfo.InvariantCulture)),
        5 => AppendAsync(client),
        6 => RenameAsync(client),
        7 => CreateAsync(client, name => CopyAsync(client, name)),
        8 => CreateAsync(client, name => CombineAsync(client, name)),
        _ => DeleteAsync(client),
    };

    private async Task CreateAsync(RawFtpClient client, Func<string, Task<string>> create)
    {
        string path = $"{(_random.Next(2) == 0 ? "" : "/inner")}/w{number}-{++_lastFile}";
        UnacknowledgedUploads.Add(path);
        string reply = await create(path);
        if (IsPositive(client, reply))
        {
            UnacknowledgedUploads.Remove(path);
            AcknowledgedUploads.Add(path);
            _files.Add(path);
        }
    }

    private async Task UploadExistingAsync(RawFtpClient client, string rest)
    {
        if (_files.Count > 0)
        {
            string path = TakeChanging();
            if (rest.Length > 0)
            {
                await client.ExecuteAsync(rest, "350");
            }

            IsPositive(client, await UploadAsync(client, "STOR " + path));
        }
    }

    private async Task AppendAsync(RawFtpClient client)
    {
        if (_files.Count > 0)
        {
            IsPositive(client, await UploadAsync(client, "APPE " + TakeChanging()));
        }
    }

    private async Task<string> UploadAsync(RawFtpClient client, string command)
    {
        byte[] content = new byte[_random.Next(2) == 0 ? _random.Next(9000) : _random.Next(400_000) / 10];
        if (_random.Next(2) == 0)
        {
            await client.ExecuteAsync("ALLO " + content.Length.ToString(CultureInfo.InvariantCulture), "200");
        }

        return await client.UploadAsync(command, content);
    }

    private async Task RenameAsync(RawFtpClient client)
    {
        if (_files.Count > 0)
        {
            string source = _files[_random.Next(_files.Count)];
            string target = source.StartsWith("/inner", StringComparison.Ordinal) ? source["/inner".Length..] : "/inner" + source;
            await client.ExecuteAsync("RNFR " + source, "350");
            _files.Remove(source);
            if (IsPositive(client, await SendAsync(client, "RNTO " + target + "-r")))
            {
                _renamed.Add(target + "-r");
            }
        }
    }

    private Task<string> CopyAsync(RawFtpClient client, string target) => _files.Count == 0
        ? UploadAsync(client, "STOR " + target)
        : SendAsync(client, $"SITE COPY \"{_files[_random.Next(_files.Count)]}\" \"{target}\"");

    private Task<string> CombineAsync(RawFtpClient client, string target)
    {
        if (_files.Count < 3)
        {
            return UploadAsync(client, "STOR " + target);
        }

        string parts = string.Join(' ', Enumerable.Range(0, 3).Select(_ => TakeAny()).Select(part => $"\"{part}\""));
        return SendAsync(client, $"COMB \"{target}\" {parts}");
    }

    private async Task DeleteAsync(RawFtpClient client)
    {
        List<string> files = _renamed.Count > 0 ? _renamed : _files;
        if (files.Count > 0)
        {
            string path = files[_random.Next(files.Count)];
            files.Remove(path);
            IsPositive(client, await SendAsync(client, "DELE " + path));
        }
    }

    private static async Task<string> SendAsync(RawFtpClient client, string command)
    {
        await client.SendCommandAsync(command);
        return await client.ReadReplyAsync();
    }

    /// <summary>Returns whether a reply is positive. A negative reply is expected only because of the quota or a missing file.</summary>
    private bool IsPositive(RawFtpClient client, string reply)
    {
        if (reply.StartsWith('2'))
        {
            return true;
        }

        client.AssertReply(reply, "552", "550", "450", "554", "551");
        RefusedByQuota += reply.Contains("(quota.bytes)", StringComparison.Ordinal) ? 1 : 0;
        return false;
    }

    /// <summary>Takes a file that is uploaded again, so that its events are no longer counted.</summary>
    private string TakeChanging()
    {
        string path = TakeAny();
        AcknowledgedUploads.Remove(path);
        return path;
    }

    private string TakeAny()
    {
        string path = _files[_random.Next(_files.Count)];
        _files.Remove(path);
        return path;
    }
}
