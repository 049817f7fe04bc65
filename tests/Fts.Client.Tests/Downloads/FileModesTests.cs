using System.Runtime.Versioning;
using Fts.Client.Downloads;
using Fts.Client.Tests.Support;

namespace Fts.Client.Tests.Downloads;

/// <summary>The modes of downloaded files, while they are written and afterwards.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class FileModesTests : IDisposable
{
    private const UnixFileMode Owner = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private const UnixFileMode Group = Owner | UnixFileMode.GroupRead | UnixFileMode.GroupWrite;

    private const string Facts = "MLST type*;size*;modify*;";

    private const string MetadataExchange = """
        C: MLST a
        S: 250-Listing
        S:  type=file;size=10;modify=20260102030405; a
        S: 250 End

        """;

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private string Target => Path.Combine(_folder.FullName, "a");

    public void Dispose() => _folder.Delete(recursive: true);

    [Theory]
    [InlineData(FtpResume.Partial)]
    [InlineData(FtpResume.Never)]
    public async Task A_replaced_file_keeps_its_mode_and_the_partial_file_is_private(FtpResume resume)
    {
        Write(Target, "old", Owner);
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts) + MetadataExchange
                + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> hello\n? checked\nD> world\nD.\nS: 226 done");
        await using (var client = new FtpClient(peer.Options))
        {
            var started = new TransferStarted();
            Task<FtpTransferResult> download = client.DownloadFileAsync(
                Target, "a", new FtpTransferOptions { Resume = resume }, started, Token);
            await started.Task.WaitAsync(Token);
            Assert.Equal(Owner, GetMode(Assert.Single(_folder.EnumerateFiles("*.fts-part")).FullName));
            peer.OpenGate("checked");
            await download;
        }

        await peer.PlayedAsync();
        Assert.Equal(("helloworld", Owner), (await File.ReadAllTextAsync(Target, Token), GetMode(Target)));
    }

    [Fact]
    public async Task A_mode_that_exceeds_the_umask_is_kept_as_well()
    {
        Write(Target, "old", Group);
        await DownloadAsync();
        Assert.Equal(Group, GetMode(Target));
    }

    [Fact]
    public async Task A_file_that_replaces_a_link_has_the_mode_of_the_link_target()
    {
        string secret = Path.Combine(_folder.FullName, "secret");
        Write(secret, "old", Owner);
        File.CreateSymbolicLink(Target, secret);
        await DownloadAsync();
        Assert.Equal((Owner, null), (GetMode(Target), new FileInfo(Target).LinkTarget));
    }

    [Fact]
    public async Task A_new_file_has_the_mode_that_the_umask_gives()
    {
        string other = Path.Combine(_folder.FullName, "other");
        await File.WriteAllTextAsync(other, "", Token);
        await DownloadAsync();
        Assert.Equal(GetMode(other), GetMode(Target));
    }

    [Fact]
    public void An_earlier_partial_file_becomes_private_if_the_target_exists()
    {
        var record = new PartialDownloadRecord(
            "anonymous@127.0.0.1:21", "a", 10, new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc), DateTime.UtcNow);
        using (PartialDownloadFile first = PartialDownloadFile.Open(Target))
        {
            first.CreateOrTruncate(record);
            first.Write("hello"u8);
        }

        Write(Target, "old", Owner);
        string part = Path.Combine(_folder.FullName, ".a.fts-part");
        File.SetUnixFileMode(part, Group);
        using PartialDownloadFile again = PartialDownloadFile.Open(Target);
        again.RestrictMode();
        Assert.Equal(Owner, GetMode(part));
    }

    [Fact]
    public async Task Small_files_of_a_batch_keep_the_modes_of_the_files_they_replace()
    {
        Write(Target, "old", Owner);
        await using var files = new RelayedTestServer();
        await files.WriteFileAsync("a", "new"u8.ToArray());
        await files.WriteFileAsync("b", "new"u8.ToArray());
        await using FtpClient client = files.CreateClient();
        IReadOnlyList<FtpBatchResult> results = await client.DownloadManyAsync(
            [new FtpBatchFile(Target, "a"), new FtpBatchFile(Path.Combine(_folder.FullName, "b"), "b")], null, null, Token);
        Assert.All(results, result => Assert.True(result.Succeeded, result.Exception?.Message));
        Assert.Equal(1, files.Relay.CountCommands("MODE B"));
        Assert.Equal(("new", Owner), (await File.ReadAllTextAsync(Target, Token), GetMode(Target)));
        Assert.True((GetMode(Path.Combine(_folder.FullName, "b")) & UnixFileMode.GroupRead) != 0);
    }

    [Fact]
    public void A_file_whose_mode_cannot_be_changed_keeps_it()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs a file of /proc: a change of its mode fails with EPERM, as on FAT.");
        const string Fixed = "/proc/self/comm";
        using Microsoft.Win32.SafeHandles.SafeFileHandle handle = File.OpenHandle(Fixed);
        UnixFileMode mode = GetMode(Fixed);
        FileModes.SetMode(handle, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal(mode, GetMode(Fixed));
    }

    private static UnixFileMode GetMode(string path) => File.GetUnixFileMode(path);

    private static void Write(string path, string content, UnixFileMode mode)
    {
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, mode);
    }

    private async Task DownloadAsync()
    {
        await using var peer = ScriptedPeer.Start(
            ScriptedPeer.Login(Facts) + MetadataExchange
                + "C: EPSV\nS: 229 ok (|||{port}|)\nC: RETR a\nS: 150 go\nD> helloworld\nD.\nS: 226 done");
        await using (var client = new FtpClient(peer.Options))
        {
            await client.DownloadFileAsync(Target, "a", null, null, Token);
        }

        await peer.PlayedAsync();
    }

    /// <summary>Completes when the transfer of bytes begins, which is after the partial file was created.</summary>
    private sealed class TransferStarted : IProgress<FtpProgress>
    {
        private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Task => _started.Task;

        public void Report(FtpProgress value)
        {
            if (value.Stage == FtpTransferStage.Transferring)
            {
                _started.TrySetResult();
            }
        }
    }
}
