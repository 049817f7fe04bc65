using Fts.Client;
using Fts.Interop.Tests.DirectoryTrees;
using Fts.Interop.Tests.Peers;
using Fts.Protocol;

namespace Fts.Interop.Tests.ClientInterop;

public sealed class TransferTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(PeerKind.Vsftpd, "127.0.0.1")]
    [InlineData(PeerKind.Vsftpd, "::1")]
    [InlineData(PeerKind.ProFtpd, "127.0.0.1")]
    [InlineData(PeerKind.ProFtpd, "::1")]
    [InlineData(PeerKind.PureFtpd, "127.0.0.1")]
    [InlineData(PeerKind.PureFtpd, "::1")]
    [InlineData(PeerKind.Pyftpdlib, "127.0.0.1")]
    [InlineData(PeerKind.Pyftpdlib, "::1")]
    public async Task A_tree_is_uploaded_and_then_downloaded_by_its_listings(PeerKind kind, string address)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, address);
        // Pure-FTPd prohibits backslashes.
        string tree = TestTree.Create(
            session.Local.CreateFolder("tree"), name => kind is PeerKind.PureFtpd && name.Contains('\\', StringComparison.Ordinal));
        File.Copy(TestTree.LargeFile, Path.Combine(tree, "big.bin"));

        await UploadAsync(session.Client, tree, Peer.WritablePath);
        TreeSnapshot.AssertEqual(tree, session.WritableFolder);

        await DownloadAsync(session.Client, Peer.WritablePath, session.Local.CreateFolder("back"));
        TreeSnapshot.AssertEqual(tree, session.Local["back"]);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd, "127.0.0.1")]
    [InlineData(PeerKind.Vsftpd, "::1")]
    [InlineData(PeerKind.ProFtpd, "127.0.0.1")]
    [InlineData(PeerKind.ProFtpd, "::1")]
    [InlineData(PeerKind.PureFtpd, "127.0.0.1")]
    [InlineData(PeerKind.PureFtpd, "::1")]
    [InlineData(PeerKind.Pyftpdlib, "127.0.0.1")]
    [InlineData(PeerKind.Pyftpdlib, "::1")]
    public async Task Files_are_transferred_in_active_mode(PeerKind kind, string address)
    {
        await using PeerSession session = await PeerSession.StartAsync(
            kind, address, options => options with { DataMode = FtpDataMode.Active });

        await session.Client.UploadFileAsync(TestTree.LargeFile, Peer.WritablePath + "/big.bin", cancellationToken: Token);
        await session.Client.DownloadFileAsync(session.Local["back.bin"], Peer.WritablePath + "/big.bin", cancellationToken: Token);

        TreeSnapshot.AssertSameFile(TestTree.LargeFile, session.Local["back.bin"]);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task Several_files_are_transferred_concurrently(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        string[] names = [.. Enumerable.Range(0, 40).Select(number => $"file {number}")];

        await Task.WhenAll(names.Select(name => session.Client.UploadAsync(
            new MemoryStream(CreateContent(name)), $"{Peer.WritablePath}/{name}", cancellationToken: Token)));
        byte[][] back = await Task.WhenAll(names.Select(async name =>
        {
            var content = new MemoryStream();
            await session.Client.DownloadAsync(content, $"{Peer.WritablePath}/{name}", cancellationToken: Token);
            return content.ToArray();
        }));

        Assert.Equal(names.Select(CreateContent), back);
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task A_file_is_read_from_an_offset(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        File.Copy(TestTree.LargeFile, Path.Combine(session.WritableFolder, "big.bin"));
        var tail = new MemoryStream();

        await using (Stream stream = await session.Client.OpenReadAsync(Peer.WritablePath + "/big.bin", 50_000_000, Token))
        {
            await stream.CopyToAsync(tail, Token);
        }

        Assert.Equal(File.ReadAllBytes(TestTree.LargeFile)[50_000_000..], tail.ToArray());
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task The_client_stays_usable_after_a_read_stream_is_disposed_early(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => options with { MaxConnections = 1 });
        File.Copy(TestTree.LargeFile, Path.Combine(session.WritableFolder, "big.bin"));
        session.WriteServerFile("small.txt", "small");

        await using (Stream stream = await session.Client.OpenReadAsync(Peer.WritablePath + "/big.bin", cancellationToken: Token))
        {
            await stream.ReadExactlyAsync(new byte[1000], Token);
        }

        var content = new MemoryStream();
        await session.Client.DownloadAsync(content, Peer.WritablePath + "/small.txt", cancellationToken: Token);
        Assert.Equal("small"u8, content.ToArray());
    }

    [Theory]
    [InlineData(PeerKind.Vsftpd)]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task A_missing_file_is_an_error_and_leaves_no_local_file(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");

        FtpReplyException exception = await Assert.ThrowsAsync<FtpReplyException>(
            () => session.Client.DownloadFileAsync(session.Local["none"], Peer.WritablePath + "/none", cancellationToken: Token));

        Assert.Equal(550, (int)exception.Reply.Code);
        Assert.Empty(Directory.EnumerateFileSystemEntries(session.Local.Path));
    }

    private static byte[] CreateContent(string name) =>
        [.. Enumerable.Repeat((byte)name[^1], 1 + (name.GetHashCode(StringComparison.Ordinal) & 0xFFFF))];

    private static async Task UploadAsync(FtpClient client, string localFolder, string remoteFolder)
    {
        foreach (string folder in Directory.EnumerateDirectories(localFolder))
        {
            string remote = $"{remoteFolder}/{Path.GetFileName(folder)}";
            await client.CreateDirectoryAsync(remote, Token);
            await UploadAsync(client, folder, remote);
        }

        foreach (string file in Directory.EnumerateFiles(localFolder))
        {
            FtpTransferResult result = await client.UploadFileAsync(
                file, $"{remoteFolder}/{Path.GetFileName(file)}", cancellationToken: Token);
            Assert.Equal(new FileInfo(file).Length, result.Bytes);
        }
    }

    private static async Task DownloadAsync(FtpClient client, string remoteFolder, string localFolder)
    {
        List<FtpEntry> entries = await client.ListAsync(remoteFolder, Token).ToListAsync(Token);
        foreach (FtpEntry entry in entries)
        {
            string local = Path.Combine(localFolder, entry.Name);
            if (entry.Kind == FtpEntryKind.Directory)
            {
                await DownloadAsync(client, entry.Path, Directory.CreateDirectory(local).FullName);
            }
            else
            {
                FtpTransferResult result = await client.DownloadFileAsync(local, entry.Path, cancellationToken: Token);
                Assert.Equal(entry.Length, result.Bytes);
            }
        }
    }
}
