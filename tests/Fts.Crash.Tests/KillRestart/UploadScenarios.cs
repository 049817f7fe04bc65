using System.Globalization;
using System.Net.Sockets;
using Fts.CrashTests.Support;

namespace Fts.CrashTests.KillRestart;

/// <summary>Every way to upload and to break one off, each entered in the ledger before it begins and after it was answered.</summary>
internal sealed class UploadScenarios(RawFtpClient client, ExpectedState expected, RandomChoices random)
{
    /// <summary>Kept uploads that were continued and became whole.</summary>
    public int ResumedUploads { get; private set; }

    /// <summary>Stores a file anew, whatever is there or kept.</summary>
    public Task StoreAsync(string name, FileContent target) => SendAsync(name, target, "STOR", 0);

    /// <summary>Begins a file anew and breaks it off.</summary>
    public Task StoreInterruptedAsync(string name, FileContent target) => SendInterruptedAsync(name, target, "STOR", 0);

    /// <summary>Puts a record at a file's end; the server may be asked to stop halfway.</summary>
    public Task AppendAsync(string name, FileRecord record, bool isComplete)
    {
        FileContent before = expected.Committed[name];
        return isComplete ? SendAsync(name, before.Append(record), "APPE", before.Length)
            : SendInterruptedAsync(name, before.Append(record), "APPE", before.Length);
    }

    /// <summary>Replaces a file from a record on; nothing is kept of that name.</summary>
    public Task RewriteAsync(string name, int records, FileRecord record)
    {
        FileContent start = expected.Committed[name].TakeFirst(records);
        return SendAsync(name, start.Append(record), "STOR", start.Length);
    }

    /// <summary>Stores under a name the server chooses and tells.</summary>
    public async Task StoreUniqueAsync(string name, FileContent target)
    {
        Operation operation = expected.Begin(new Operation("STOU " + name) { UploadTarget = target });
        await client.ExecuteAsync($"ALLO {target.Length}", "200");
        string reply = await client.UploadAsync(
            "STOU " + name, target.ToBytes(), opened => expected.Begin(Operation.CreateNamed(operation, opened.Split("FILE: ")[1])));
        client.AssertReply(reply, "226");
        expected.Acknowledge();
    }

    /// <summary>
    /// Continues a kept upload as plain clients do: by what SIZE says. Until it is whole the committed file, if there is one, is what can
    /// be read. </summary>
    public async Task ResumeAsync(string name)
    {
        PartialUpload partialUpload = expected.PartialUploads[name];
        FileContent? committed = expected.Committed.GetValueOrDefault(name);
        int? size = await GetSizeAsync(name);
        if (!partialUpload.IsExact && size == committed?.Length)
        {
            // No byte had come before the kill.
            expected.RemovePartialUpload(name);
            await StoreAsync(name, partialUpload.Target);
            return;
        }

        if (size is null || size > partialUpload.MaxBytes || (partialUpload.IsExact && size != partialUpload.MaxBytes))
        {
            throw new Xunit.Sdk.XunitException(
                $"{name} is {committed?.ToString() ?? "not there"}, and {partialUpload} of it is kept. SIZE says {size?.ToString(CultureInfo.InvariantCulture) ?? "550"}.");
        }

        if (random.IsOneIn(2))
        {
            await AssertDownloadAsync(name);
        }

        string verb = random.IsOneIn(2) ? "APPE" : "STOR";
        if (random.IsOneIn(4) && size < partialUpload.Target.Length - 1)
        {
            await SendInterruptedAsync(name, partialUpload.Target, verb, size.Value);
            return;
        }

        await SendAsync(name, partialUpload.Target, verb, size.Value);
        ResumedUploads++;
    }

    /// <summary>What SIZE answers; null when there is nothing of that name.</summary>
    public async Task<int?> GetSizeAsync(string name)
    {
        string reply = await client.ExecuteAsync("SIZE " + name, "213", "550");
        return reply.StartsWith("213", StringComparison.Ordinal) ? int.Parse(reply.AsSpan(4), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>A download brings what was committed last, and nothing else.</summary>
    public async Task AssertDownloadAsync(string name)
    {
        (byte[]? content, string reply) = await client.DownloadAsync("RETR " + name);
        if (reply.Contains("The last SIZE reply was for your partial upload", StringComparison.Ordinal))
        {
            (content, reply) = await client.DownloadAsync("RETR " + name);
        }

        client.AssertReply(reply, expected.Committed.ContainsKey(name) ? "226" : "550");
        Assert.Equal(expected.Committed.GetValueOrDefault(name), content is null ? null : FileContent.Parse(content));
    }

    private async Task SendAsync(string name, FileContent target, string verb, int from)
    {
        Operation operation =
            await BeginAsync(
            new Operation($"{verb} {name} from {from} to {target}", (name, target)) { Name = name, UploadTarget = target,
            CopiesExisting = from > 0 }, verb, from);
        client.AssertReply(
            await client.UploadAsync($"{verb} {name}", target.ToBytes().AsMemory(from), _ => operation.MarkStarted()), "226");
        expected.Acknowledge();
    }

    private async Task SendInterruptedAsync(string name, FileContent target, string verb, int from)
    {
        int maxBytes = from + 1 + random.NextBelow(target.Length - from - 1);
        Operation operation =
            await BeginAsync(
            new Operation($"{verb} {name} from {from} to {target}, cut at {maxBytes}") { Name = name, UploadTarget = target,
            CopiesExisting = from > 0 }, verb, from);
        using Socket data = await client.OpenDataConnectionAsync();
        await client.ExecuteAsync($"{verb} {name}", "150");
        operation.MarkStarted();
        await RawFtpClient.SendAsync(data, target.ToBytes().AsMemory(from, maxBytes - from));
        int ending = random.NextBelow(3);
        switch (ending)
        {
            case 0:
                data.Shutdown(SocketShutdown.Send);
                client.AssertReply(await client.ReadReplyAsync(), "426", "451");
                break;
            case 1:
                data.LingerState = new LingerOption(true, 0);
                data.Dispose();
                client.AssertReply(await client.ReadReplyAsync(), "426", "451");
                break;
            default:
                await client.ExecuteAsync("ABOR", "426");
                client.AssertReply(await client.ReadReplyAsync(), "226");
                break;
        }

        // An upload that began as a copy of the committed file is discarded if it received fewer bytes than were copied.
        bool isMostlyCopied = from > 0 && !expected.PartialUploads.ContainsKey(name) && maxBytes - from < from;
        expected.Reject(isMostlyCopied ? null : new PartialUpload(target, maxBytes, IsExact: ending == 0));
    }

    /// <summary>Announces the size of the whole: no part of an upload can be taken for all of it.</summary>
    private async Task<Operation> BeginAsync(Operation operation, string verb, int from)
    {
        expected.Begin(operation);
        await client.ExecuteAsync($"ALLO {operation.UploadTarget!.Length}", "200");
        if (verb == "STOR" && from > 0)
        {
            await client.ExecuteAsync($"REST {from}", "350");
        }

        return operation;
    }
}
