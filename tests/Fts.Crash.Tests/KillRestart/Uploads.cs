using System.Globalization;
using System.Net.Sockets;
using Fts.CrashTests.Support;

namespace Fts.CrashTests.KillRestart;

/// <summary>Every way to upload and to break one off, each entered in the ledger before it begins and after it was answered.</summary>
internal sealed class Uploads(FtpWire wire, Ledger ledger, Dice dice)
{
    /// <summary>Kept uploads that were continued and became whole.</summary>
    public int Continued { get; private set; }

    /// <summary>Stores a file anew, whatever is there or kept.</summary>
    public Task StoreAsync(string name, Content target) => SendAsync(name, target, "STOR", 0);

    /// <summary>Begins a file anew and breaks it off.</summary>
    public Task CutAsync(string name, Content target) => BreakOffAsync(name, target, "STOR", 0);

    /// <summary>Puts a record at a file's end; the server may be asked to stop halfway.</summary>
    public Task AppendAsync(string name, FileRecord record, bool whole)
    {
        Content before = ledger.Committed[name];
        return whole ? SendAsync(name, before.With(record), "APPE", before.Length) : BreakOffAsync(name, before.With(record), "APPE", before.Length);
    }

    /// <summary>Replaces a file from a record on; nothing is kept of that name.</summary>
    public Task RewriteAsync(string name, int records, FileRecord record)
    {
        Content start = ledger.Committed[name].First(records);
        return SendAsync(name, start.With(record), "STOR", start.Length);
    }

    /// <summary>Stores under a name the server chooses and tells.</summary>
    public async Task StoreUniqueAsync(string name, Content target)
    {
        Operation operation = ledger.Begin(new Operation("STOU " + name) { Uploads = target });
        await wire.AskAsync($"ALLO {target.Length}", "200");
        string reply = await wire.UploadAsync("STOU " + name, target.ToBytes(), opened => ledger.Begin(Operation.Named(operation, opened.Split("FILE: ")[1])));
        wire.Expect(reply, "226");
        ledger.Done();
    }

    /// <summary>
    /// Continues a kept upload as plain clients do: by what SIZE says. Until it is whole the committed file, if there is one, is what can be read.
    /// </summary>
    public async Task ContinueAsync(string name)
    {
        Kept kept = ledger.Kept[name];
        Content? committed = ledger.Committed.GetValueOrDefault(name);
        int? size = await SizeAsync(name);
        if (!kept.IsExact && size == committed?.Length)
        {
            // No byte had come before the kill.
            ledger.Forget(name);
            await StoreAsync(name, kept.Target);
            return;
        }

        if (size is null || size > kept.Most || (kept.IsExact && size != kept.Most))
        {
            throw new Xunit.Sdk.XunitException($"{name} is {committed?.ToString() ?? "not there"}, and {kept} of it is kept. SIZE says {size?.ToString(CultureInfo.InvariantCulture) ?? "550"}.");
        }

        if (dice.OneIn(2))
        {
            await ReadBackAsync(name);
        }

        string verb = dice.OneIn(2) ? "APPE" : "STOR";
        if (dice.OneIn(4) && size < kept.Target.Length - 1)
        {
            await BreakOffAsync(name, kept.Target, verb, size.Value);
            return;
        }

        await SendAsync(name, kept.Target, verb, size.Value);
        Continued++;
    }

    /// <summary>What SIZE answers; null when there is nothing of that name.</summary>
    public async Task<int?> SizeAsync(string name)
    {
        string reply = await wire.AskAsync("SIZE " + name, "213", "550");
        return reply.StartsWith("213", StringComparison.Ordinal) ? int.Parse(reply.AsSpan(4), CultureInfo.InvariantCulture) : null;
    }

    /// <summary>A download brings what was committed last, and nothing else.</summary>
    public async Task ReadBackAsync(string name)
    {
        (byte[]? content, string reply) = await wire.DownloadAsync("RETR " + name);
        if (reply.Contains("The last SIZE reply was for your partial upload", StringComparison.Ordinal))
        {
            (content, reply) = await wire.DownloadAsync("RETR " + name);
        }

        wire.Expect(reply, ledger.Committed.ContainsKey(name) ? "226" : "550");
        Assert.Equal(ledger.Committed.GetValueOrDefault(name), content is null ? null : Content.Read(content));
    }

    private async Task SendAsync(string name, Content target, string verb, int from)
    {
        Operation operation = await BeginAsync(new Operation($"{verb} {name} from {from} to {target}", (name, target)) { Name = name, Uploads = target, Copies = from > 0 }, verb, from);
        wire.Expect(await wire.UploadAsync($"{verb} {name}", target.ToBytes().AsMemory(from), _ => operation.Began()), "226");
        ledger.Done();
    }

    private async Task BreakOffAsync(string name, Content target, string verb, int from)
    {
        int most = from + 1 + dice.Below(target.Length - from - 1);
        Operation operation = await BeginAsync(new Operation($"{verb} {name} from {from} to {target}, cut at {most}") { Name = name, Uploads = target, Copies = from > 0 }, verb, from);
        using Socket data = await wire.OpenDataAsync();
        await wire.AskAsync($"{verb} {name}", "150");
        operation.Began();
        await FtpWire.SendAsync(data, target.ToBytes().AsMemory(from, most - from));
        int way = dice.Below(3);
        switch (way)
        {
            case 0:
                data.Shutdown(SocketShutdown.Send);
                wire.Expect(await wire.HearAsync(), "426", "451");
                break;
            case 1:
                data.LingerState = new LingerOption(true, 0);
                data.Dispose();
                wire.Expect(await wire.HearAsync(), "426", "451");
                break;
            default:
                await wire.AskAsync("ABOR", "426");
                wire.Expect(await wire.HearAsync(), "226");
                break;
        }

        // An upload that began as a copy of the committed file is discarded if it received fewer bytes than were copied.
        bool isMostlyCopied = from > 0 && !ledger.Kept.ContainsKey(name) && most - from < from;
        ledger.Undone(isMostlyCopied ? null : new Kept(target, most, IsExact: way == 0));
    }

    /// <summary>Announces the size of the whole: no part of an upload can be taken for all of it.</summary>
    private async Task<Operation> BeginAsync(Operation operation, string verb, int from)
    {
        ledger.Begin(operation);
        await wire.AskAsync($"ALLO {operation.Uploads!.Length}", "200");
        if (verb == "STOR" && from > 0)
        {
            await wire.AskAsync($"REST {from}", "350");
        }

        return operation;
    }
}
