using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>The commands that move files.</summary>
internal static class TransferCommands
{
    /// <summary><c>put FILE…</c>: each under its base name, into the current folder there.</summary>
    public static Task<ExitCode> PutAsync(Shell shell, Arguments words, CancellationToken cancellationToken)
    {
        IfThere ifThere = TransferChoices.From(words.Has, shell.Transfers.IfThere);
        return shell.EachAsync("put", LocalNames.Expand(words), (local, cancel) => PutOneAsync(shell, local, ifThere, cancel), cancellationToken);
    }

    /// <summary><c>get FILE…</c>: each under its base name, into the current folder here.</summary>
    public static async Task<ExitCode> GetAsync(Shell shell, Arguments words, CancellationToken cancellationToken)
    {
        IfThere ifThere = TransferChoices.From(words.Has, shell.Transfers.IfThere);
        return await shell.EachAsync(
            "get", await RemoteNames.ExpandAsync(shell, words, cancellationToken), (item, cancel) => GetOneAsync(shell, item, ifThere, cancel), cancellationToken);
    }

    /// <summary><c>cat FILE…</c>: their bytes to stdout, nothing added.</summary>
    public static async Task<ExitCode> CatAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) =>
        await shell.EachAsync("cat", await RemoteNames.ExpandAsync(shell, words, cancellationToken), async (item, cancel) =>
        {
            await shell.Client.DownloadAsync(item.Path, shell.Terminal.DataStream(), new FtpTransferOptions { Known = item.Known }, null, cancel);
        }, cancellationToken);

    private static async Task PutOneAsync(Shell shell, string local, IfThere ifThere, CancellationToken cancellationToken)
    {
        if (Directory.Exists(local))
        {
            throw new FailureException(ExitCode.Usage, $"put {local}: it is a folder; put sends files", "put with a pattern: put \"folder\"/*");
        }

        string name = Path.GetFileName(local);
        FtpTransferOptions options = Options(shell, ifThere) with { Overwrite = ifThere != IfThere.Skip };
        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, "uploading", name))
        {
            try
            {
                result = await shell.Client.UploadFileAsync(local, shell.Folder.Resolve(name), options, meter, cancellationToken);
            }
            catch (FtpTargetExistsException) when (ifThere == IfThere.Skip)
            {
                shell.Terminal.Say($"{name.Visible()} is on the server already: skipped");
                return;
            }
            catch (FtpTargetExistsException e)
            {
                throw new FailureException(ExitCode.Other, $"put {local}: {e.Message}", $"put --overwrite {Words.Escape(local)}, to replace it");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw Resumption.OfPut(e, local, shell.Target, meter.Latest);
            }
        }

        Report(shell, "uploaded", name, result);
    }

    private static async Task GetOneAsync(Shell shell, RemoteName item, IfThere ifThere, CancellationToken cancellationToken)
    {
        string name = RemoteFolder.NameOf(item.Path);
        // The name comes from a listing or was typed for a path there; either may spell a place here that was never meant.
        // A listed name with a slash would come under its last part, which the pattern may never have fitted.
        if (item.Known is { IsSafeName: false } || !new FtpEntry { Path = item.Path, Name = name, Kind = ListingKind.File }.IsSafeName)
        {
            throw new FailureException(ExitCode.Usage, $"get {item}: '{item.Known?.Name ?? name}' is no name for a file here");
        }

        if (Directory.Exists(name))
        {
            throw new FailureException(ExitCode.LocalFiles, $"get {item}: a folder of that name is here already, in {Environment.CurrentDirectory}", "lcd to another folder");
        }

        if (File.Exists(name))
        {
            ifThere = ifThere == IfThere.Unsaid ? Ask(shell, item, name) : ifThere;
            if (ifThere == IfThere.Skip)
            {
                shell.Terminal.Say($"{name.Visible()} is here already: kept as it is");
                return;
            }
        }

        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, "downloading", name))
        {
            try
            {
                result = await shell.Client.DownloadFileAsync(item.Path, name, Options(shell, ifThere) with { Known = item.Known }, meter, cancellationToken);
            }
            catch (FtpTargetExistsException e)
            {
                throw new FailureException(ExitCode.Other, $"get {item}: {e.Message}", $"get --overwrite {Words.Escape(item.Typed)}, to replace it");
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                throw Resumption.OfGet(e, item, name, shell.Target);
            }
        }

        Report(shell, "downloaded", name, result);
    }

    private static FtpTransferOptions Options(Shell shell, IfThere ifThere) => new()
    {
        Verify = shell.Transfers.Verify,
        Segments = shell.Transfers.Segments,
        Resume = ifThere == IfThere.Resume ? FtpResume.Existing : FtpResume.Kept,
    };

    private static IfThere Ask(Shell shell, RemoteName item, string name) => !shell.Terminal.IsInteractive
        ? throw new FailureException(ExitCode.Other, $"get {item}: {name} is here already, and is left as it is", "get with --overwrite, --skip or --resume")
        : shell.Terminal.Ask($"{name.Visible()} exists here. Replace it? [y/N/resume] ") switch
        {
            "y" or "yes" => IfThere.Overwrite,
            "r" or "resume" => IfThere.Resume,
            _ => IfThere.Skip,
        };

    private static void Report(Shell shell, string done, string name, FtpTransferResult result)
    {
        string proof = result.Verified switch
        {
            FtpVerified.Hash => ", same SHA-256",
            FtpVerified.Length when result.Reply is null => ", same length",
            _ when shell.Transfers.Verify == FtpVerify.ByHash => ", no SHA-256 to be had from the server",
            _ => "",
        };
        if (result.Reply is null)
        {
            shell.Terminal.Say($"{name.Visible()} is complete: all of it was there already ({Amounts.Bytes(result.Resumed)}{proof})");
            return;
        }

        // A rate over an instant says nothing about the line.
        string rate = result.Elapsed.TotalSeconds < 0.5 ? "" : $" in {Amounts.Time(result.Elapsed)}, {Amounts.Size(result.Bytes / result.Elapsed.TotalSeconds)}/s";
        string resumed = result.Resumed > 0 ? $" after the {Amounts.Bytes(result.Resumed)} from before" : "";
        shell.Terminal.Say($"{done} {name.Visible()} ({Amounts.Bytes(result.Bytes)}{resumed}{rate}{proof})");
    }
}
