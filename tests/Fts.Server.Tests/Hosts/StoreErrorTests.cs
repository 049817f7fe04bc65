using System.Net.Sockets;
using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage;

namespace Fts.Server.Tests.Hosts;

/// <summary>The replies to errors of a store. Each error has a fixed reply, which never contains the store's message.</summary>
public sealed class StoreErrorTests
{
    private static readonly Dictionary<StoreError, int> Replies = new()
    {
        [StoreError.NotFound] = 550, [StoreError.Denied] = 550, [StoreError.Exists] = 553, [StoreError.NotEmpty] =
            550, [StoreError.NotAFile] = 550,
        [StoreError.NotADirectory] = 550, [StoreError.NoSpace] = 452, [StoreError.QuotaExceeded] = 552, [StoreError.Busy] =
            450, [StoreError.BadName] = 553,
        [StoreError.BadOffset] = 554, [StoreError.Unavailable] = 451, [StoreError.NotSupported] = 550,
    };

    /// <summary>A command for every call to the store, the call that fails, and whether it fails only after bytes were received.</summary>
    private static readonly (string Command, string Member, bool Uploads)[] Calls =
    [
        ("CWD a", nameof(IFileStore.GetEntryAsync), false), ("MKD a", nameof(IFileStore.CreateDirectoryAsync), false), (
            "RMD a", nameof(IFileStore.DeleteDirectoryAsync), false), ("DELE a", "DeleteFileAsync", false),
        ("RNFR a", nameof(IFileStore.GetEntryAsync), false), ("SIZE a", nameof(IFileStore.GetEntryAsync), false),
        ("MDTM a", nameof(IFileStore.GetEntryAsync), false), ("MLST a", nameof(IFileStore.GetEntryAsync), false),
        ("MFMT 20200101000000 a", nameof(IFileStore.SetMetadataAsync), false),
        ("SITE CHMOD 644 a", nameof(IFileStore.SetMetadataAsync), false), ("HASH a", "OpenReadAsync", false), ("DSIZ", "ListAsync", false),
        ("RMDA a", nameof(IFileStore.DeleteDirectoryAsync), false), ("AVBL", nameof(IFileStore.GetFreeSpaceAsync), false),
        ("STAT a", nameof(IFileStore.GetEntryAsync), false), ("STAT /", "ListAsync", false), ("LIST", "ListAsync", false),
        ("NLST", "ListAsync", false), ("MLSD", "ListAsync", false), ("RETR a", "OpenReadAsync", false), ("STOR a", "OpenWriteAsync", false),
        ("APPE a", "OpenWriteAsync", false), ("STOU a", "OpenWriteAsync", false), ("STOR a", "WriteAsync", true),
        ("STOR a", "CommitAsync", true),
    ];

    [Theory, OnEveryWire]
    public async Task Every_store_error_has_its_reply_for_every_verb(Wire wire)
    {
        Assert.Equal(Enum.GetValues<StoreError>().Order(), Replies.Keys.Order());
        foreach ((StoreError error, int code) in Replies)
        {
            await FailAsync(wire, new StoreException(error, "secret /real/path"), code);
        }
    }

    [Theory, OnEveryWire]
    public Task An_unexpected_exception_of_a_store_returns_451_and_the_session_continues(Wire wire) =>
        FailAsync(wire, new InvalidOperationException("secret /real/path"), 451);

    /// <summary>A custom store may throw the same exceptions as a failed connection.</summary>
    [Theory, OnEveryWire]
    public async Task A_connection_error_thrown_by_a_store_returns_451_and_its_cause_is_logged(Wire wire)
    {
        foreach (Exception fault in (Exception[])
            [new IOException("secret /real/path"), new SocketException(104, "secret /real/path"),
                new ObjectDisposedException("x", "secret /real/path"), new OperationCanceledException("secret /real/path")])
        {
            await FailAsync(wire, fault, 451, logged: "secret /real/path");
        }
    }

    [Theory, OnEveryWire]
    public async Task A_store_that_fails_during_a_download_returns_451_and_the_cause_is_logged(Wire wire)
    {
        var store = new HookedStore { BeforeRead = _ => Task.FromException(new OperationCanceledException("the disk is away")) };
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "content");
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            S: 451 *
            C: NOOP
            S: 200 *
            """);
        Assert.Contains(server.Log.Texts, text => text.Contains("the store failed during RETR", StringComparison.Ordinal)
            && text.Contains("the disk is away", StringComparison.Ordinal));
    }

    [Theory, OnEveryWire]
    public async Task A_store_that_fails_during_a_listing_returns_451_and_the_cause_is_logged(Wire wire)
    {
        var store = new HookedStore { Entries = Failing };
        await using TestServer server = new(wire, store);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: MLSD
            S: 150 *
            S: 451 *
            C: NOOP
            S: 200 *
            """);
        Assert.Contains(server.Log.Texts, text => text.Contains("the store failed during MLSD", StringComparison.Ordinal)
            && text.Contains("secret /real/path", StringComparison.Ordinal));

        static async IAsyncEnumerable<FileEntry> Failing()
        {
            yield return new FileEntry("good", EntryKind.File, 1, DateTime.UnixEpoch);
            await Task.Yield();
            throw new IOException("secret /real/path");
        }
    }

    [Theory, OnEveryWire]
    public async Task A_store_that_fails_during_an_upload_returns_451_without_the_cause(Wire wire)
    {
        var store = new HookedStore { BeforeWrite = _ => Task.FromException(new IOException("secret /real/path")) };
        await using TestServer server = new(wire, store);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a
            S: 150 *
            D> content
            S: 451 Requested action aborted: local error in processing.
            C: NOOP
            S: 200 *
            """);
        Assert.Contains(server.Log.Texts, text => text.Contains("the store failed during STOR", StringComparison.Ordinal)
            && text.Contains("secret /real/path", StringComparison.Ordinal));
        Assert.DoesNotContain(server.Log.Texts, text => text.Contains("data connection failed", StringComparison.Ordinal));
    }

    [Theory, OnEveryWire]
    public async Task Names_that_are_not_one_path_component_are_not_listed(Wire wire)
    {
        var store = new HookedStore { Entries = Forged };
        await using TestServer server = new(wire, store);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: LIST
            S: 150 *
            L< -rw-r--r-- * good
            S: 226 *
            C: EPSV
            S: 229 *
            C: NLST
            S: 150 *
            L< good
            S: 226 *
            C: EPSV
            S: 229 *
            C: NLST *
            S: 150 *
            L< good
            S: 226 *
            C: EPSV
            S: 229 *
            C: MLSD
            S: 150 *
            L< * good
            S: 226 *
            C: STAT /
            S: 213-Status:
            S:  -rw-r--r-- * good
            S: 213 End.
            C: DSIZ
            S: 213 1
            """);
        Assert.Contains(server.Log.Texts, text => text.Contains("""a\x0d\x0a213 End.""", StringComparison.Ordinal));

        static async IAsyncEnumerable<FileEntry> Forged()
        {
            await Task.Yield();
            foreach (string name in (
                string[])["a\r\n213 End.", "b\nc", "d\re", "f\0", "g/h", "..", ".", "", "\ud800", new string('x', 256), "good"])
            {
                yield return new FileEntry(name, EntryKind.File, 1, DateTime.UnixEpoch);
            }
        }
    }

    [Theory, OnEveryWire]
    public async Task A_name_with_line_ends_is_replaced_by_the_name_in_the_path(Wire wire)
    {
        var store = new HookedStore();
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "x");
        store.ReplaceEntry = entry => entry is { Kind: EntryKind.File } file ? file with { Name = "a\r\n213 End.\r\n230 forged" } : entry;
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: LIST a
            S: 150 *
            L< -rw-r--r-- * a
            S: 226 *
            C: EPSV
            S: 229 *
            C: NLST a
            S: 150 *
            L< a
            S: 226 *
            C: STAT a
            S: 213-Status:
            S:  -rw-r--r-- * a
            S: 213 End.
            C: MLST a
            S: 250-*
            S:  * /a
            S: 250 *
            """);
    }

    private static async Task FailAsync(Wire wire, Exception fault, int code, string? logged = null)
    {
        var store = new HookedStore();
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "old");
        await using Conversation client = await server.LogInAsync();
        foreach ((string command, string member, bool uploads) in Calls)
        {
            await client.OpenDataAsync();
            store.Fault = called => called == member ? fault : null;
            await client.SendAsync(command);
            if (uploads)
            {
                await client.PlayAsync("S: 150 *\nD> new");
            }

            string[] reply = await client.ReadReplyAsync();
            // RFC 959 §5.4 lists 553 only for commands with a new name.
            int expected = code == 553 && !command.StartsWith("STO", StringComparison.Ordinal)
                && !command.StartsWith("APPE", StringComparison.Ordinal) ? 550 : code;
            if (command == "MKD a" && fault is StoreException { Error: StoreError.Denied })
            {
                expected = 553; // 550 means that the directory may exist
            }

            Assert.StartsWith($"{expected} ", Assert.Single(reply), StringComparison.Ordinal);
            Assert.DoesNotContain("secret", reply[0], StringComparison.Ordinal);
            // The cause, followed by the line about the failed command.
            string[] lines = [.. server.Log.Texts.TakeLast(2)];
            Assert.True(logged is null || lines.Any(line => line.Contains(logged, StringComparison.Ordinal)),
                $"{command}: {string.Join('\n', lines)}");
            store.Fault = null;
        }

        await client.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR a
            S: 150 *
            D< old
            S: 226 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task A_listing_that_fails_midway_returns_451(Wire wire)
    {
        var store = new HookedStore { Entries = Broken };
        await using TestServer server = new(wire, store);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: LIST
            S: 150 *
            S: 451 *
            C: STAT /
            S: 213-*
            S: ...
            S: 213 *
            C: NOOP
            S: 200 *
            """);

        static async IAsyncEnumerable<FileEntry> Broken()
        {
            await Task.Yield();
            yield return new FileEntry("first", EntryKind.File, 1, DateTime.UnixEpoch);
            throw new StoreException(StoreError.Unavailable, "secret");
        }
    }

    [Theory, OnEveryWire]
    public async Task A_missing_permission_returns_550_and_553_for_MKD(Wire wire)
    {
        await using TestServer server =
            new(wire, configure: options => options with { Authenticator = new AnonymousAuthenticator(Permissions.ReadOnly) });
        await server.WriteAsync("/sub/a", "x");
        await server.PlayAsync("""
            C: CWD sub
            S: 250 *
            C: EPSV
            S: 229 *
            C: STOR b
            S: 550 *
            C: STOR a
            S: 550 *
            C: APPE a
            S: 550 *
            C: STOU
            S: 550 *
            C: DELE a
            S: 550 *
            C: RMD /sub
            S: 550 *
            C: MKD b
            S: 553 *
            C: MFMT 20200101000000 a
            S: 550 *
            C: RNFR a
            S: 550 Permission denied (permission.rename).
            C: RETR a
            S: 150 *
            D< x
            S: 226 *
            """);
        Assert.Equal(["a"], await server.ListNamesAsync("/sub"));
    }
}
