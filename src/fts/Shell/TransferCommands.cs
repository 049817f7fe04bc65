using Fts.Client;
using Fts.Protocol;

namespace Fts.Cli;

/// <summary>The commands that move files.</summary>
internal static class TransferCommands
{
    /// <summary><c>put FILE…</c>: each under its base name, into the current folder there.</summary>
    public static Task<ExitCode> PutAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) =>
        shell.EachAsync("put", LocalNames.Expand(words), (local, cancel) => PutOneAsync(shell, local, cancel), cancellationToken);

    /// <summary><c>get FILE…</c>: each under its base name, into the current folder here.</summary>
    public static async Task<ExitCode> GetAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) =>
        await shell.EachAsync("get", await RemoteNames.ExpandAsync(shell, words, cancellationToken), (item, cancel) => GetOneAsync(shell, item, cancel), cancellationToken);

    /// <summary><c>cat FILE…</c>: their bytes to stdout, nothing added.</summary>
    public static async Task<ExitCode> CatAsync(Shell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) =>
        await shell.EachAsync("cat", await RemoteNames.ExpandAsync(shell, words, cancellationToken), async (item, cancel) =>
        {
            await shell.Client.DownloadAsync(item.Path, shell.Terminal.DataStream(), new FtpTransferOptions { Known = item.Known }, null, cancel);
        }, cancellationToken);

    private static async Task PutOneAsync(Shell shell, string local, CancellationToken cancellationToken)
    {
        if (Directory.Exists(local))
        {
            throw new FailureException(ExitCode.Usage, $"put {local}: it is a folder; put sends files", "put with a pattern: put \"folder\"/*");
        }

        string name = Path.GetFileName(local);
        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, "uploading", name))
        {
            result = await shell.Client.UploadFileAsync(local, shell.Folder.Resolve(name), null, meter, cancellationToken);
        }

        Report(shell, "uploaded", name, result);
    }

    private static async Task GetOneAsync(Shell shell, RemoteName item, CancellationToken cancellationToken)
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

        if (shell.Terminal.IsInteractive && File.Exists(name) && !shell.Terminal.Confirm($"{name.Visible()} exists here. Replace it?"))
        {
            shell.Terminal.Say("kept as it is");
            return;
        }

        FtpTransferResult result;
        await using (var meter = new TransferMeter(shell.Terminal, "downloading", name))
        {
            result = await shell.Client.DownloadFileAsync(item.Path, name, new FtpTransferOptions { Known = item.Known }, meter, cancellationToken);
        }

        Report(shell, "downloaded", name, result);
    }

    private static void Report(Shell shell, string done, string name, FtpTransferResult result)
    {
        // A rate over an instant says nothing about the line.
        string rate = result.Elapsed.TotalSeconds < 0.5 ? "" : $" in {Amounts.Time(result.Elapsed)}, {Amounts.Size(result.Bytes / result.Elapsed.TotalSeconds)}/s";
        shell.Terminal.Say($"{done} {name.Visible()} ({Amounts.Bytes(result.Bytes)}{rate})");
    }
}
