using Fts.Client;
using Fts.Interop.Tests.Peers;
using Fts.Protocol;

namespace Fts.Interop.Tests.OurClient;

public sealed class FolderTests
{
    private static readonly DateTimeOffset s_then = new(2001, 2, 3, 4, 5, 6, TimeSpan.Zero);

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    public static TheoryData<PeerKind> Peers => [.. Enum.GetValues<PeerKind>()];

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_listing_tells_names_kinds_sizes_and_times(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        File.SetLastWriteTimeUtc(session.OnServer("ten bytes.txt", "0123456789"), s_then.UtcDateTime);
        Directory.CreateDirectory(Path.Combine(session.BoxFolder, "folder ü"));

        List<FtpEntry> entries = await session.Client.ListAsync(Peer.Box, Cancelled).ToListAsync(Cancelled);

        FtpEntry folder = Assert.Single(entries, entry => entry.Name == "folder ü");
        FtpEntry file = Assert.Single(entries, entry => entry.Name == "ten bytes.txt");
        Assert.Equal(2, entries.Count);
        Assert.Equal((FtpEntryKind.Directory, FtpEntryKind.File, 10), (folder.Kind, file.Kind, file.Length));
        Assert.Equal("/box/folder ü", folder.Path);
        // A LIST line tells the day of an old file, not its time.
        Assert.Equal(file.Source == FtpEntrySource.Mlsx ? s_then : new DateTimeOffset(2001, 2, 3, 0, 0, 0, TimeSpan.Zero), file.LastModified);
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task An_empty_folder_lists_as_empty_and_a_missing_one_does_not(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");

        Assert.Empty(await session.Client.ListAsync(Peer.Box, Cancelled).ToListAsync(Cancelled));
        await Assert.ThrowsAnyAsync<FtpException>(async () => await session.Client.ListAsync(Peer.Box + "/none", Cancelled).ToListAsync(Cancelled));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_mirror_has_hidden_files_too(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        session.OnServer(".htaccess", "deny");
        Directory.CreateDirectory(Path.Combine(session.BoxFolder, "in"));
        session.OnServer("in/.hidden", "x");
        DirectoryInfo local = Directory.CreateTempSubdirectory("fts-mirror-");
        try
        {
            FtpMirrorPlan plan = await session.Client.PlanMirrorAsync(local.FullName, Peer.Box, FtpMirrorDirection.Download, Cancelled);
            await session.Client.MirrorAsync(plan, null, null, Cancelled);
            Assert.Equal("deny", await File.ReadAllTextAsync(Path.Combine(local.FullName, ".htaccess"), Cancelled));
            Assert.Equal("x", await File.ReadAllTextAsync(Path.Combine(local.FullName, "in", ".hidden"), Cancelled));
        }
        finally
        {
            local.Delete(recursive: true);
        }
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_folder_is_entered_and_left_for_all_connections(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        session.OnServer("seven", "1234567");
        Assert.Equal(Peer.Box, await session.Client.ChangeDirectoryAsync(Peer.Box, Cancelled));
        Assert.Equal("seven", Assert.Single(await session.Client.ListAsync("", Cancelled).ToListAsync(Cancelled)).Path);
        Assert.Equal(7, await session.Client.GetSizeAsync("seven", Cancelled));
        Assert.NotEqual(Peer.Box, await session.Client.ChangeDirectoryAsync("..", Cancelled));
        Assert.Equal(7, await session.Client.GetSizeAsync("box/seven", Cancelled));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task What_stands_at_a_path_is_found_and_what_does_not_is_null(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        session.OnServer("seven", "1234567");
        Directory.CreateDirectory(Path.Combine(session.BoxFolder, "folder"));

        FtpEntry? file = await session.Client.GetEntryAsync(Peer.Box + "/seven", Cancelled);
        FtpEntry? folder = await session.Client.GetEntryAsync(Peer.Box + "/folder", Cancelled);
        FtpEntry? nothing = await session.Client.GetEntryAsync(Peer.Box + "/none", Cancelled);

        Assert.Equal((FtpEntryKind.File, 7), (file?.Kind, file?.Length));
        Assert.Equal(FtpEntryKind.Directory, folder?.Kind);
        Assert.Null(nothing);
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task Size_and_time_are_told_and_the_time_can_be_set(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        // By the server itself, whose user alone may set the time.
        await session.Client.UploadAsync(new MemoryStream(new byte[4321]), Peer.Box + "/file", cancellationToken: Cancelled);

        bool set = await session.Client.SetLastModifiedAsync(Peer.Box + "/file", s_then, Cancelled);

        Assert.Equal(4321, await session.Client.GetSizeAsync(Peer.Box + "/file", Cancelled));
        Assert.Equal(kind is not PeerKind.Vsftpd, set);
        Assert.Equal(File.GetLastWriteTimeUtc(Path.Combine(session.BoxFolder, "file")), (await session.Client.GetLastModifiedAsync(Peer.Box + "/file", Cancelled))!.Value.UtcDateTime, TimeSpan.FromSeconds(1));
        Assert.True(!set || await session.Client.GetLastModifiedAsync(Peer.Box + "/file", Cancelled) == s_then);
        Assert.Null(await session.Client.GetSizeAsync(Peer.Box + "/none", Cancelled));
        Assert.Null(await session.Client.GetLastModifiedAsync(Peer.Box + "/none", Cancelled));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task Files_and_folders_are_made_renamed_and_removed(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        FtpClient client = session.Client;

        await client.CreateDirectoryAsync(Peer.Box + "/a \"quoted\" one", Cancelled);
        await client.UploadAsync(new MemoryStream("content"u8.ToArray()), Peer.Box + "/a \"quoted\" one/file", cancellationToken: Cancelled);
        await client.RenameAsync(Peer.Box + "/a \"quoted\" one", Peer.Box + "/new name", cancellationToken: Cancelled);
        Assert.Equal("content", File.ReadAllText(Path.Combine(session.BoxFolder, "new name/file")));

        await Assert.ThrowsAsync<FtpReplyException>(() => client.DeleteDirectoryAsync(Peer.Box + "/new name", Cancelled));
        await client.DeleteFileAsync(Peer.Box + "/new name/file", Cancelled);
        await client.DeleteDirectoryAsync(Peer.Box + "/new name", Cancelled);
        Assert.Empty(Directory.EnumerateFileSystemEntries(session.BoxFolder));

        await Assert.ThrowsAsync<FtpReplyException>(() => client.DeleteFileAsync(Peer.Box + "/none", Cancelled));
        await Assert.ThrowsAsync<FtpReplyException>(() => client.DeleteDirectoryAsync(Peer.Box + "/none", Cancelled));
        await Assert.ThrowsAsync<FtpReplyException>(() => client.RenameAsync(Peer.Box + "/none", Peer.Box + "/other", cancellationToken: Cancelled));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task A_rename_onto_an_existing_name_is_refused_and_both_stay(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        string old = session.OnServer("old.txt", "old");
        string taken = session.OnServer("taken.txt", "taken");

        await Assert.ThrowsAsync<FtpTargetExistsException>(() => session.Client.RenameAsync(Peer.Box + "/old.txt", Peer.Box + "/taken.txt", cancellationToken: Cancelled));

        Assert.Equal(("old", "taken"), (File.ReadAllText(old), File.ReadAllText(taken)));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task An_upload_that_must_not_replace_does_not(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1");
        string taken = session.OnServer("taken.txt", "taken");

        await Assert.ThrowsAsync<FtpTargetExistsException>(() => session.Client.UploadAsync(
            new MemoryStream("new"u8.ToArray()), Peer.Box + "/taken.txt", new FtpTransferOptions { Overwrite = false }, cancellationToken: Cancelled));

        Assert.Equal("taken", File.ReadAllText(taken));
    }

    [Theory]
    [InlineData(PeerKind.ProFtpd)]
    [InlineData(PeerKind.PureFtpd)]
    [InlineData(PeerKind.Pyftpdlib)]
    public async Task A_wrong_password_is_a_refusal_to_sign_in(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "127.0.0.1", options => options with { Credentials = new FtpCredentials("tester", "wrong") });

        await Assert.ThrowsAsync<FtpLoginException>(() => session.Client.ConnectAsync(Cancelled));
    }

    [Theory]
    [MemberData(nameof(Peers))]
    public async Task The_start_folder_and_relative_paths_agree(PeerKind kind)
    {
        await using PeerSession session = await PeerSession.StartAsync(kind, "::1");
        session.OnServer("here.txt", "here");

        Assert.Equal("/", await session.Client.GetWorkingDirectoryAsync(Cancelled));
        Assert.Equal(4, await session.Client.GetSizeAsync("box/here.txt", Cancelled));
    }
}
