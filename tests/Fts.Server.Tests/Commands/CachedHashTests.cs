using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Commands;

/// <summary>The SHA-256 that a store caches with a file: HASH and XSHA256 return it, and MLST and MLSD report it as a fact.</summary>
public sealed class CachedHashTests
{
    private const string Hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
    private const string SetOldTime = "C: MFMT 20200101000000 a\nS: 213 *\n", GetHashes = $"C: HASH a\nS: 213 SHA-256 0-4 {Hello} a\n";

    [Theory, OnEveryWire]
    public async Task Another_server_uses_the_cached_hash(Wire wire)
    {
        int opened = 0;
        var store = new HookedStore();
        await using (TestServer first = new(wire, store))
        {
            await first.WriteAsync("/a", "hello");
            await first.PlayAsync(SetOldTime + GetHashes);
        }

        store.Fault = member =>
        {
            opened += member == "OpenReadAsync" ? 1 : 0;
            return null;
        };
        await using TestServer next = new(wire, store);
        await next.PlayAsync($"""
            C: XSHA256 a
            S: 250 {Hello.ToUpperInvariant()}
            C: XSHA256 "a" 0 5
            S: 250 {Hello.ToUpperInvariant()}
            C: RANG 0 99
            S: 350 *
            {GetHashes}
            C: RNFR a
            S: 350 *
            C: RNTO b
            S: 250 *
            C: MFMT 20210101000000 b
            S: 213 *
            C: HASH b
            S: 213 SHA-256 0-4 {Hello} b
            """);
        Assert.Equal(0, opened);

        await next.PlayAsync("""
            C: RANG 1 4
            S: 350 *
            C: HASH b
            S: 213 SHA-256 1-4 *
            C: XSHA256 "b" 0 4
            S: 250 *
            C: XSHA1 b
            S: 250 *
            """);
        Assert.Equal(3, opened);
    }

    [Theory, OnEveryWire]
    public async Task A_file_changed_by_another_program_is_hashed_again(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        string file = Path.Combine(directory.Path, "a");
        await File.WriteAllTextAsync(file, "hello", TestContext.Current.CancellationToken);
        using var store = new LocalFileStore(directory.Path);
        await using (TestServer first = new(wire, store))
        {
            await first.PlayAsync(
                SetOldTime + GetHashes + $"C: OPTS MLST X.sha256;\nS: 200 *\nC: MLST a\nS: 250-*\nS:  X.sha256={Hello}; /a\nS: 250 *");
        }

        using var again = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, again);
        await server.PlayAsync($"C: OPTS MLST X.sha256;\nS: 200 *\nC: MLST a\nS: 250-*\nS:  X.sha256={Hello}; /a\nS: 250 *\n" + GetHashes);

        await using (FileStream written = File.OpenWrite(file))
        {
            written.Write("hallo"u8);
        }

        await server.PlayAsync($"""
            C: OPTS MLST size;X.sha256;
            S: 200 *
            C: MLST a
            S: 250-*
            S:  size=5; /a
            S: 250 *
            {SetOldTime}
            C: MLST a
            S: 250-*
            S:  size=5; /a
            S: 250 *
            C: HASH a
            S: 213 SHA-256 0-4 d3751d33f9cd5049c4af2b462735457e4d3baf130bcbb87f389e349fbaeb20b9 a
            C: XSHA256 a
            S: 250 D3751D33F9CD5049C4AF2B462735457E4D3BAF130BCBB87F389E349FBAEB20B9
            """);
    }

    [Theory, OnEveryWire]
    public async Task The_hash_of_a_recently_changed_file_is_not_cached(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.WriteAsync("/a", "hello");
        await server.PlayAsync(
            $"C: MFMT {DateTime.UtcNow.AddYears(1):yyyyMMddHHmmss} a\nS: 213 *\n{GetHashes}C: OPTS MLST size;X.sha256;\nS: 200 *\nC: MLST a\nS: 250-*\nS:  size=5; /a\nS: 250 *");
    }

    [Theory, OnEveryWire]
    public Task MLST_and_MLSD_return_a_cached_hash_if_its_fact_is_selected(Wire wire) => TestServer.PlayAsync(wire, $"""
        {SetOldTime}
        {GetHashes}
        C: OPTS MLST x.SHA256;size;
        S: 200 MLST OPTS size;X.sha256;
        C: FEAT
        S: 211-*
        S: ...
        S:  MLST type;size\*;modify;perm;unique;UNIX.mode;X.sha256\*;
        S: ...
        S: 211 *
        C: MLST a
        S: 250-*
        S:  size=5;X.sha256={Hello}; /a
        S: 250 *
        C: MLST b
        S: 250-*
        S:  size=6; /b
        S: 250 *
        C: MLST sub
        S: 250-*
        S:   /sub
        S: 250 *
        C: EPSV
        S: 229 *
        C: MLSD
        S: 150 *
        L< size=5;X.sha256={Hello}; a
        L< size=6; b
        L<  sub
        S: 226 *
        """, ("/a", "hello"), ("/b", "hello!"), ("/sub/", ""));

    [Theory, OnEveryWire]
    public async Task An_unselected_fact_is_not_read_from_the_store(Wire wire)
    {
        int asked = 0;
        var store = new HookedStore();
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "hello");
        await server.PlayAsync(SetOldTime + GetHashes);
        store.Fault = member =>
        {
            asked += member is nameof(IFileStore.GetCachedHashAsync) or "OpenReadAsync" ? 1 : 0;
            return null;
        };
        const string ListEntry =
            "C: MLST a\nS: 250-*\nS:  * /a\nS: 250 *\nC: EPSV\nS: 229 *\nC: MLSD\nS: 150 *\nL< type=file;* a\nS: 226 *\n";
        await server.PlayAsync(ListEntry);
        Assert.Equal(0, asked);
        await server.PlayAsync("C: OPTS MLST type;X.sha256;\nS: 200 *\n" + ListEntry);
        Assert.Equal(2, asked);
    }

    [Theory, OnEveryWire]
    public async Task A_cached_hash_requires_the_read_permission(Wire wire)
    {
        var store = new HookedStore();
        await using (TestServer first = new(wire, store))
        {
            await first.WriteAsync("/a", "hello");
            await first.PlayAsync(SetOldTime + GetHashes);
        }

        await using TestServer server =
            new(wire, store, options => options with { Authenticator = new AnonymousAuthenticator(Permissions.List) });
        await server.PlayAsync("""
            C: OPTS MLST size;X.sha256;
            S: 200 *
            C: MLST a
            S: 250-*
            S:  size=5; /a
            S: 250 *
            C: HASH a
            S: 550 *
            C: EPSV
            S: 229 *
            C: MLSD
            S: 150 *
            L< size=5; a
            S: 226 *
            """);
    }
}
