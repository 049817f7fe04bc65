using System.Globalization;
using System.Net.Sockets;
using Fts.CrashTests.Support;

namespace Fts.CrashTests.KillRestart;

/// <summary>
/// Complete and interrupted uploads. Each is recorded in the expected state before its command and after its final reply.
/// </summary>
internal sealed class UploadScenarios(RawFtpClient client, ExpectedState expected, RandomChoices random)
{
    /// <summary>The number of partial uploads that were resumed and completed.</summary>
    public int ResumedUploads { get; private set; }

    /// <summary>Uploads a complete file with STOR. An existing file or partial upload is replaced.</summary>
    public Task StoreAsync(string name, FileContent target) => SendAsync(name, target, "STOR", 0);

    /// <summary>Starts an upload with STOR and interrupts it.</summary>
    public Task StoreInterruptedAsync(string name, FileContent target) => SendInterruptedAsync(name, target, "STOR", 0);

    /// <summary>Appends a record with APPE, or interrupts the upload if <paramref name="isComplete"/> is false.</summary>
    public Task AppendAsync(string name, FileRecord record, bool isComplete)
    {
        FileContent before = expected.Committed[name];
        return isComplete ? SendAsync(name, before.Append(record), "APPE", before.Length)
            : SendInterruptedAsync(name, before.Append(record), "APPE", before.Length);
    }

    /// <summary>Replaces the records of a file from <paramref name="records"/> on. The file has no partial upload.</summary>
    public Task RewriteAsync(string name, int records, FileRecord record)
    {
        FileContent start = expected.Committed[name].TakeFirst(records);
        return SendAsync(name, start.Append(record), "STOR", start.Length);
    }

    /// <summary>Uploads with STOU, under a name chosen by the server.</summary>
    public async Task StoreUniqueAsync(string name, FileContent target)
    {
        Operation operation = expected.Begin(new Operation("STOU " + name) { UploadTarget = target });
        await client.ExecuteAsync($"ALLO {target.Length}", "200");
        string reply = await client.UploadAsync(
            "STOU " + name,
            target.ToBytes(),
            preliminary => expected.Begin(Operation.CreateNamed(operation, preliminary.Split("FILE: ")[1])));
        client.AssertReply(reply, "226");
        expected.Acknowledge();
    }

    /// <summary>
    /// Resumes a partial upload at the offset that SIZE reports, as ordinary clients do. Until the upload is complete, downloads return the
    /// committed file, if any.
    /// </summary>
    public async Task ResumeAsync(string name)
    {
        PartialUpload partialUpload = expected.PartialUploads[name];
        FileContent? committed = expected.Committed.GetValueOrDefault(name);
        int? size = await GetSizeAsync(name);
        if (!partialUpload.IsExact && size == committed?.Length)
        {
            // The server had received no byte before the kill.
            expected.RemovePartialUpload(name);
            await StoreAsync(name, partialUpload.Target);
            return;
        }

        if (size is null || size > partialUpload.MaxBytes || (partialUpload.IsExact && size != partialUpload.MaxBytes))
        {
            throw new Xunit.Sdk.XunitException(
                $"SIZE reports {size?.ToString(CultureInfo.InvariantCulture) ?? "550"} for {name}. "
                + $"The committed file is {committed?.ToString() ?? "missing"}, and the partial upload is {partialUpload}.");
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

    /// <summary>Returns the size that SIZE reports, or null if the file does not exist (550).</summary>
    public async Task<int?> GetSizeAsync(string name)
    {
        string reply = await client.ExecuteAsync("SIZE " + name, "213", "550");
        return reply.StartsWith("213", StringComparison.Ordinal) ? int.Parse(reply.AsSpan(4), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>Checks that a download returns exactly the committed content.</summary>
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
        Operation operation = await BeginAsync(
            new Operation($"{verb} {name} from {from} to {target}", (name, target))
            {
                Name = name,
                UploadTarget = target,
                CopiesExisting = from > 0,
            },
            verb,
            from);
        client.AssertReply(
            await client.UploadAsync($"{verb} {name}", target.ToBytes().AsMemory(from), _ => operation.MarkStarted()), "226");
        expected.Acknowledge();
    }

    private async Task SendInterruptedAsync(string name, FileContent target, string verb, int from)
    {
        int maxBytes = from + 1 + random.NextBelow(target.Length - from - 1);
        Operation operation = await BeginAsync(
            new Operation($"{verb} {name} from {from} to {target}, interrupted at {maxBytes}")
            {
                Name = name,
                UploadTarget = target,
                CopiesExisting = from > 0,
            },
            verb,
            from);
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

        // An upload that continues the committed file is discarded if it received fewer bytes than it continues.
        bool isMostlyCopied = from > 0 && !expected.PartialUploads.ContainsKey(name) && maxBytes - from < from;
        expected.Reject(isMostlyCopied ? null : new PartialUpload(target, maxBytes, IsExact: ending == 0));
    }

    /// <summary>
    /// Announces the complete size with ALLO, so that the server recognises a truncated upload, and sends REST for STOR from an offset.
    /// </summary>
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
