using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>The commands that move files.</summary>
internal static class TransferCommands
{
    /// <summary><c>put FILE…</c>: each under its base name, into the current folder there.</summary>
    public static Task<ExitCode> PutAsync(Shell shell, Arguments words, CancellationToken cancellationToken) =>
        PutAsync(shell, words, TransferChoices.From(words.Has, shell.Transfers.IfThere), cancellationToken);

    /// <summary>The same, with the choice made.</summary>
    public static Task<ExitCode> PutAsync(Shell shell, IReadOnlyList<Word> words, IfThere ifThere, CancellationToken cancellationToken)
    {
        IReadOnlyList<string> files = LocalNames.Expand(words);
        return files.Count == 1
            ? shell.EachAsync("put", files, (local, cancel) => PutOneAsync(shell, local, Path.GetFileName(Path.TrimEndingDirectorySeparator(local)), ifThere, cancel), cancellationToken)
            // --skip would skip a file of which the server has only a part.
            : new ManyPuts(shell, ifThere).RunAsync(files, () => shell.AgainMany("put", ifThere == IfThere.Skip ? "--skip" : Resumption.GetResumeOption(shell), words), cancellationToken);
    }

    /// <summary><c>get FILE…</c>: each under its base name, into the current folder here.</summary>
    public static Task<ExitCode> GetAsync(Shell shell, Arguments words, CancellationToken cancellationToken) =>
        GetAsync(shell, words, TransferChoices.From(words.Has, shell.Transfers.IfThere), cancellationToken);

    /// <summary>The same, with the choice made.</summary>
    public static async Task<ExitCode> GetAsync(Shell shell, IReadOnlyList<Word> words, IfThere ifThere, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteName> items, ExitCode listed) = await RemoteNames.ExpandAsync(shell, "get", words, cancellationToken);
        return Shell.Worst(listed, items.Count == 1
            ? await shell.EachAsync("get", items, (item, cancel) => GetOneAsync(shell, item, ifThere, cancel), cancellationToken)
            : await new ManyGets(shell, ifThere).RunAsync(items, option => shell.AgainMany("get", option, words), cancellationToken));
    }

    /// <summary><c>cat FILE…</c>: their bytes to stdout, nothing added.</summary>
    public static async Task<ExitCode> CatAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        (IReadOnlyList<RemoteName> items, ExitCode listed) = await RemoteNames.ExpandAsync(shell, "cat", words, cancellationToken);
        return Shell.Worst(listed, await shell.EachAsync("cat", items, async (item, cancel) =>
        {
            FtpTransferResult result =
                await shell.Client.DownloadAsync(shell.Terminal.DataStream(), item.Path, new FtpTransferOptions { SourceEntry = item.Known, Type = shell.Transfers.Type }, null, cancel);
            if (TransferReport.Warning(item.Typed, result) is { } warning)
            {
                shell.Terminal.Say(warning);
            }
        }, cancellationToken));
    }

    /// <summary>Sends one file.</summary>
    public static async Task PutOneAsync(Shell shell, string local, string name, IfThere ifThere, CancellationToken cancellationToken)
    {
        CheckPut(shell, local, name);
        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, TransferWay.Up.Doing, name))
        {
            try
            {
                result = await shell.Client.UploadFileAsync(local, shell.Folder.Join(name), Options(shell, ifThere), meter, cancellationToken);
            }
            catch (FtpTargetExistsException e) when (ifThere == IfThere.Skip)
            {
                if (await KindErrors.IsFolderAsync(shell, e, shell.Folder.Join(name), cancellationToken))
                {
                    throw new FolderInPlaceException(local, name);
                }

                shell.Terminal.Say($"{name.ToPrintable()} is on the server already: skipped");
                return;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (await KindErrors.IsFolderAsync(shell, e, shell.Folder.Join(name), cancellationToken))
                {
                    throw new FolderInPlaceException(local, name);
                }

                throw Resumption.OfPut(shell, e, local, meter.Latest);
            }
        }

        shell.Terminal.Say(TransferReport.FormatTransfer(TransferWay.Up.Done, name, result));
    }

    /// <summary>Fetches one file.</summary>
    public static async Task GetOneAsync(Shell shell, RemoteName item, IfThere ifThere, CancellationToken cancellationToken)
    {
        (string name, ifThere) = CheckGet(shell, item, ifThere);
        if (ifThere == IfThere.Skip)
        {
            return;
        }

        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, TransferWay.Down.Doing, name))
        {
            try
            {
                result = await shell.Client.DownloadFileAsync(name, item.Path, Options(shell, ifThere) with { SourceEntry = item.Known }, meter, cancellationToken);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                if (await KindErrors.IsFolderAsync(shell, e, item.Path, cancellationToken))
                {
                    throw new FailureException(ExitCode.Other, $"get {item}: it is a folder; get fetches files", MirrorCommands.CommandFor(shell, isUpload: false, name, item.Path, item.Typed));
                }

                throw Resumption.OfGet(shell, e, item, name, ifThere);
            }
        }

        shell.Terminal.Say(TransferReport.FormatTransfer(TransferWay.Down.Done, name, result));
    }

    /// <summary>Refuses what <c>put</c> does not send.</summary>
    /// <param name="shell">The session.</param>
    /// <param name="local">The local file.</param>
    /// <param name="name">The name of the file on the server.</param>
    public static void CheckPut(Shell shell, string local, string name)
    {
        if (local.Contains('\uFFFD', StringComparison.Ordinal) && !File.Exists(local))
        {
            throw new FailureException(ExitCode.LocalFiles, $"put {local}: the file cannot be opened, because its name is not UTF-8", "rename the file first");
        }

        if (Directory.Exists(local))
        {
            throw new FailureException(
                ExitCode.Usage, $"put {local}: it is a folder; put sends files", MirrorCommands.CommandFor(shell, isUpload: true, local, shell.Folder.Join(name), FtpName.Escape(name)));
        }
    }

    /// <summary>The name here that an item gets, and what is to be done where that is taken, for which somebody may be asked; <see cref="IfThere.Skip"/> was said already.</summary>
    /// <exception cref="FailureException">It cannot have that name, or what stands there must not be touched.</exception>
    public static (string Name, IfThere IfThere) CheckGet(Shell shell, RemoteName item, IfThere ifThere)
    {
        string name = item.LocalName;
        // The name comes from a listing or was typed for a path there; either may spell a place here that was never meant.
        // A listed name with a slash would come under its last part, which the pattern may never have fitted.
        if (item.Known is { IsSafeName: false } || !new FtpEntry { Path = item.Path, Name = name, Kind = FtpEntryKind.File }.IsSafeName)
        {
            throw new FailureException(ExitCode.Usage, $"get {item}: '{item.Known?.Name ?? name}' is no name for a file here");
        }

        if (Directory.Exists(name))
        {
            throw new FailureException(ExitCode.LocalFiles, $"get {item}: a folder of that name is here already, in {Environment.CurrentDirectory}", "lcd to another folder");
        }

        if (!File.Exists(name))
        {
            return (name, ifThere == IfThere.Skip ? IfThere.Overwrite : ifThere);
        }

        ifThere = ifThere == IfThere.Unsaid ? Ask(shell, item, name) : ifThere;
        if (ifThere == IfThere.Skip)
        {
            shell.Terminal.Say($"{name.ToPrintable()} is here already: kept as it is");
        }

        return (name, ifThere);
    }

    /// <summary>What the library is told.</summary>
    public static FtpTransferOptions Options(Shell shell, IfThere ifThere)
    {
        (shell.Transfers with { IfThere = ifThere }).Validate();
        return new()
        {
            Overwrite = ifThere != IfThere.Skip,
            Verification = shell.Transfers.Verify,
            Segments = shell.Transfers.Segments,
            Resume = ifThere == IfThere.Resume ? FtpResume.PartialOrTarget : FtpResume.Partial,
            Type = shell.Transfers.Type,
        };
    }

    private static IfThere Ask(Shell shell, RemoteName item, string name) => !shell.Terminal.IsInteractive
        ? throw new FailureException(ExitCode.Other, $"get {item}: {name} is here already, and is left as it is", "get with --overwrite, --skip or --resume")
        : shell.Ask($"{name.ToPrintable()} exists here. Replace it? [y/N/resume] ") switch
        {
            null => throw new FailureException(ExitCode.Interrupted, $"get {item}: stopped; {name} was not changed"),
            "y" or "yes" => IfThere.Overwrite,
            "r" or "resume" => IfThere.Resume,
            _ => IfThere.Skip,
        };
}

/// <summary>A file cannot be uploaded, because its name on the server is a folder's.</summary>
internal sealed class FolderInPlaceException(string local, string name) : Exception($"put {local}: {name} is a folder on the server")
{
    /// <summary>The folder.</summary>
    public string Folder => name;
}
