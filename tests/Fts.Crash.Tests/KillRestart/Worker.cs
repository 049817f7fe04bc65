using Fts.CrashTests.Support;

namespace Fts.CrashTests.KillRestart;

/// <summary>A client with names of its own that never rests. What it knows outlives the server; its connection does not.</summary>
internal sealed class Worker(string prefix, int seed)
{
    private const int MaxNames = 8, MaxRecords = 4;

    private readonly Dice _dice = new(seed);
    private readonly string[] _names = [.. Enumerable.Range(0, 4).Select(number => $"{prefix}-{number}")];
    private int _version;
    private FtpWire? _wire;

    public string Prefix => prefix;

    public Ledger Ledger { get; } = new();

    /// <summary>Kept uploads that were continued so far.</summary>
    public int Continued { get; private set; }

    /// <summary>The last that was said.</summary>
    public string Said => _wire?.Said ?? "nothing";

    private string FolderName => prefix + "-folder";

    /// <summary>Works until the server is gone. <paramref name="working"/> is called at the first answer.</summary>
    public async Task WorkAsync(int port, Action working)
    {
        try
        {
            using FtpWire wire = await ConnectAsync(port);
            working();
            while (true)
            {
                var uploads = new Uploads(wire, Ledger, _dice);
                await StepAsync(wire, uploads);
                Continued += uploads.Continued;
            }
        }
        catch (ConnectionLostException)
        {
        }
    }

    /// <summary>After a restart: reads back what the kill left in doubt, and continues what is kept, now or in a later round.</summary>
    public async Task RecoverAsync(int port)
    {
        using FtpWire wire = await ConnectAsync(port);
        var uploads = new Uploads(wire, Ledger, _dice);
        foreach (string name in Ledger.Kept.Keys.ToArray())
        {
            await uploads.ReadBackAsync(name);
            if (_dice.OneIn(2))
            {
                await ContinueAsync(wire, uploads, name);
            }
        }

        Continued += uploads.Continued;
    }

    /// <summary>What SIZE says of each name with a kept upload.</summary>
    public async Task<int?[]> KeptSizesAsync(int port)
    {
        using FtpWire wire = await ConnectAsync(port);
        var sizes = new List<int?>();
        foreach (string name in Ledger.Kept.Keys)
        {
            sizes.Add(await new Uploads(wire, Ledger, _dice).SizeAsync(name));
        }

        return [.. sizes];
    }

    /// <summary>Deletes everything, kept uploads too.</summary>
    public async Task CleanUpAsync(int port)
    {
        using FtpWire wire = await ConnectAsync(port);
        foreach (string name in Ledger.Committed.Keys.Union(Ledger.Kept.Keys).ToArray())
        {
            await (name == FolderName ? ToggleFolderAsync(wire) : DeleteAsync(wire, name));
        }

        Ledger.Clear();
    }

    private async Task<FtpWire> ConnectAsync(int port) => _wire = await FtpWire.SignInAsync(port);

    private async Task StepAsync(FtpWire wire, Uploads uploads)
    {
        string[] names = [.. _names.Union(Ledger.Committed.Keys.Where(name => name != FolderName))];
        string name = _dice.Of(names);
        Content? committed = Ledger.Committed.GetValueOrDefault(name);
        bool isKept = Ledger.Kept.ContainsKey(name);
        switch (_dice.Below(20))
        {
            case < 3 when isKept:
            case < 12 when isKept && _dice.OneIn(2):
                await ContinueAsync(wire, uploads, name);
                break;
            case < 7:
                await uploads.StoreAsync(name, Content.Of(NextRecord(name)));
                await LookAsync(uploads, name);
                break;
            case < 10:
                await uploads.CutAsync(name, Content.Of(NextRecord(name)));
                break;
            case < 13 when committed?.RecordCount < MaxRecords && !isKept:
                await uploads.AppendAsync(name, NextRecord(name), whole: !_dice.OneIn(4));
                break;
            case < 14 when committed?.RecordCount > 1 && !isKept:
                int records = 1 + _dice.Below(committed.RecordCount - 1);
                // Not shorter than what it replaces: whether a file's tail outlives that is another question.
                await uploads.RewriteAsync(name, records, NextRecord(name, committed.Length - committed.First(records).Length));
                break;
            case < 16 when committed is not null && !isKept && _dice.Of(names) is var target && target != name && !Ledger.Kept.ContainsKey(target):
                await RenameAsync(wire, name, target, committed);
                break;
            case < 17 when names.Length < MaxNames:
                await uploads.StoreUniqueAsync(prefix + "-unique", Content.Of(NextRecord(prefix)));
                break;
            case < 19 when committed is not null || isKept:
                await DeleteAsync(wire, name);
                await LookAsync(uploads, name);
                break;
            case 19:
                await ToggleFolderAsync(wire);
                break;
            default:
                await LookAsync(uploads, name);
                break;
        }
    }

    private FileRecord NextRecord(string name, int atLeast = 0) => new(name, ++_version, atLeast + _dice.Length(), _dice.Seed());

    private Task ContinueAsync(FtpWire wire, Uploads uploads, string name) => Ledger.Kept[name].IsDoubtful ? DeleteAsync(wire, name) : uploads.ContinueAsync(name);

    private async Task LookAsync(Uploads uploads, string name)
    {
        if (!Ledger.Kept.ContainsKey(name))
        {
            Assert.Equal(Ledger.Committed.GetValueOrDefault(name)?.Length, await uploads.SizeAsync(name));
        }

        if (_dice.OneIn(4))
        {
            await uploads.ReadBackAsync(name);
        }
    }

    private async Task RenameAsync(FtpWire wire, string source, string target, Content content)
    {
        Ledger.Begin(new Operation($"RNFR {source}, RNTO {target}", (source, null), (target, content)));
        await wire.AskAsync("RNFR " + source, "350");
        await wire.AskAsync("RNTO " + target, "250");
        Ledger.Done();
    }

    private async Task DeleteAsync(FtpWire wire, string name)
    {
        // What is kept perhaps is perhaps not there.
        string[] codes = Ledger.Committed.ContainsKey(name) || Ledger.Kept[name].IsExact ? ["250"] : ["250", "550"];
        Ledger.Begin(new Operation("DELE " + name, (name, null)) { Name = name });
        await wire.AskAsync("DELE " + name, codes);
        Ledger.Done();
    }

    private async Task ToggleFolderAsync(FtpWire wire)
    {
        bool isThere = Ledger.Committed.ContainsKey(FolderName);
        Ledger.Begin(new Operation(isThere ? "RMD" : "MKD", (FolderName, isThere ? null : Content.Folder)));
        await wire.AskAsync($"{(isThere ? "RMD" : "MKD")} {FolderName}", isThere ? "250" : "257");
        Ledger.Done();
    }
}
