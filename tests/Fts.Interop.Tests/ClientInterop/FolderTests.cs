using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Protocol;

namespace Fts.Interop.Tests.ClientInterop;

public sealed class FolderTests
{
    private static readonly DateTimeOffset s_lastModified = new(2001, 2, 3, 4, 5, 6, TimeSpan.Zero);

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<PeerKind> Peers => [.. Enum.GetValues<PeerKind>()];

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_listing_contains_names_kinds_sizes_and_times(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        File.SetLastWriteTimeUtc(session.WriteServerFile("ten bytes.txt", "0123456789"), s_lastModified.UtcDateTime);
        Directory.CreateDirectory(Path.Combine(session.WritableFolder, "folder ü"));

        List<FtpEntry> entries = await session.Client.ListAsync(Peer.WritablePath, Token).ToListAsync(Token);

        FtpEntry folder = Assert.Single(entries, entry => entry.Name == "folder ü");
        FtpEntry file = Assert.Single(entries, entry => entry.Name == "ten bytes.txt");
        Assert.Equal(2, entries.Count);
        Assert.Equal((FtpEntryKind.Directory, FtpEntryKind.File, 10), (folder.Kind, file.Kind, file.Length));
        Assert.Equal("/box/folder ü", folder.Path);
        // A LIST line contains the date of an old file but not its time of day.
        DateTimeOffset day = new(2001, 2, 3, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(file.Source == FtpEntrySource.Mlsx ? s_lastModified : day, file.LastModified);
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task The_listing_of_an_empty_folder_is_empty_and_that_of_a_missing_folder_throws(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");

        Assert.Empty(await session.Client.ListAsync(Peer.WritablePath, Token).ToListAsync(Token));
        await Assert.ThrowsAnyAsync<FtpException>(
            async () => await session.Client.ListAsync(Peer.WritablePath + "/none", Token).ToListAsync(Token));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_mirror_includes_hidden_files(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        session.WriteServerFile(".htaccess", "deny");
        Directory.CreateDirectory(Path.Combine(session.WritableFolder, "in"));
        session.WriteServerFile("in/.hidden", "x");
        DirectoryInfo local = Directory.CreateTempSubdirectory("fts-mirror-");
        try
        {
            FtpMirrorPlan plan = await session.Client.PlanMirrorAsync(
                local.FullName, Peer.WritablePath, FtpMirrorDirection.Download, Token);
            await session.Client.MirrorAsync(plan, null, null, Token);
            Assert.Equal("deny", await File.ReadAllTextAsync(Path.Combine(local.FullName, ".htaccess"), Token));
            Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(local.FullName, "in", ".hidden"), Token));
        }
        finally
        {
            local.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_changed_working_directory_applies_to_all_connections(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        session.WriteServerFile("seven", "1234567");
        Assert.Equal(Peer.WritablePath, await session.Client.ChangeDirectoryAsync(Peer.WritablePath, Token));
        Assert.Equal("seven", Assert.Single(await session.Client.ListAsync("", Token).ToListAsync(Token)).Path);
        Assert.Equal(7, await session.Client.GetSizeAsync("seven", Token));
        Assert.NotEqual(Peer.WritablePath, await session.Client.ChangeDirectoryAsync("..", Token));
        Assert.Equal(7, await session.Client.GetSizeAsync("box/seven", Token));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task GetEntryAsync_returns_an_existing_entry_and_null_for_a_missing_one(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        session.WriteServerFile("seven", "1234567");
        Directory.CreateDirectory(Path.Combine(session.WritableFolder, "folder"));

        FtpEntry? file = await session.Client.GetEntryAsync(Peer.WritablePath + "/seven", Token);
        FtpEntry? folder = await session.Client.GetEntryAsync(Peer.WritablePath + "/folder", Token);
        FtpEntry? missing = await session.Client.GetEntryAsync(Peer.WritablePath + "/none", Token);

        Assert.Equal((FtpEntryKind.File, 7), (file?.Kind, file?.Length));
        Assert.Equal(FtpEntryKind.Directory, folder?.Kind);
        Assert.Null(missing);
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task The_size_and_the_last_modified_time_are_returned_and_the_time_can_be_set(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        // The file is uploaded, because only the user of the server process may set its time.
        await session.Client.UploadAsync(new MemoryStream(new byte[4321]), Peer.WritablePath + "/file", cancellationToken: Token);

        bool set = await session.Client.SetLastModifiedAsync(Peer.WritablePath + "/file", s_lastModified, Token);

        Assert.Equal(4321, await session.Client.GetSizeAsync(Peer.WritablePath + "/file", Token));
        Assert.Equal(kind is not PeerKind.Vsftpd, set);
        DateTimeOffset? reported = await session.Client.GetLastModifiedAsync(Peer.WritablePath + "/file", Token);
        DateTime actual = File.GetLastWriteTimeUtc(Path.Combine(session.WritableFolder, "file"));
        Assert.Equal(actual, reported!.Value.UtcDateTime, TimeSpan.FromSeconds(1));
        Assert.True(!set || reported == s_lastModified);
        Assert.Null(await session.Client.GetSizeAsync(Peer.WritablePath + "/none", Token));
        Assert.Null(await session.Client.GetLastModifiedAsync(Peer.WritablePath + "/none", Token));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task Files_and_folders_are_created_renamed_and_removed(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        FtpClient client = session.Client;

        await client.CreateDirectoryAsync(Peer.WritablePath + "/a \"quoted\" one", Token);
        await client.UploadAsync(
            new MemoryStream("content"u8.ToArray()), Peer.WritablePath + "/a \"quoted\" one/file", cancellationToken: Token);
        await client.RenameAsync(
            Peer.WritablePath + "/a \"quoted\" one", Peer.WritablePath + "/new name", cancellationToken: Token);
        Assert.Equal("content", File.ReadAllText(Path.Combine(session.WritableFolder, "new name/file")));

        await Assert.ThrowsAsync<FtpReplyException>(() => client.DeleteDirectoryAsync(Peer.WritablePath + "/new name", Token));
        await client.DeleteFileAsync(Peer.WritablePath + "/new name/file", Token);
        await client.DeleteDirectoryAsync(Peer.WritablePath + "/new name", Token);
        Assert.Empty(Directory.EnumerateFileSystemEntries(session.WritableFolder));

        await Assert.ThrowsAsync<FtpReplyException>(() => client.DeleteFileAsync(Peer.WritablePath + "/none", Token));
        await Assert.ThrowsAsync<FtpReplyException>(() => client.DeleteDirectoryAsync(Peer.WritablePath + "/none", Token));
        await Assert.ThrowsAsync<FtpReplyException>(
            () => client.RenameAsync(Peer.WritablePath + "/none", Peer.WritablePath + "/other", cancellationToken: Token));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_rename_to_an_existing_name_throws_and_both_files_stay(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        string old = session.WriteServerFile("old.txt", "old");
        string taken = session.WriteServerFile("taken.txt", "taken");

        await Assert.ThrowsAsync<FtpTargetExistsException>(() => session.Client.RenameAsync(
            Peer.WritablePath + "/old.txt", Peer.WritablePath + "/taken.txt", cancellationToken: Token));

        Assert.Equal(("old", "taken"), (File.ReadAllText(old), File.ReadAllText(taken)));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task An_upload_without_overwrite_does_not_replace_an_existing_file(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        string taken = session.WriteServerFile("taken.txt", "taken");

        var options = new FtpTransferOptions { Overwrite = false };
        await Assert.ThrowsAsync<FtpTargetExistsException>(() => session.Client.UploadAsync(
            new MemoryStream("new"u8.ToArray()), Peer.WritablePath + "/taken.txt", options, cancellationToken: Token));

        Assert.Equal("taken", File.ReadAllText(taken));
    }

    [Theory]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task A_wrong_password_is_reported_as_a_failed_login(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(
            kind, "127.0.0.1", options => options with { Credentials = new FtpCredentials("tester", "wrong") });

        await Assert.ThrowsAsync<FtpLoginException>(() => session.Client.ConnectAsync(Token));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task Relative_paths_start_at_the_initial_working_directory(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "::1");
        session.WriteServerFile("here.txt", "here");

        Assert.Equal("/", await session.Client.GetWorkingDirectoryAsync(Token));
        Assert.Equal(4, await session.Client.GetSizeAsync("box/here.txt", Token));
    }
}
