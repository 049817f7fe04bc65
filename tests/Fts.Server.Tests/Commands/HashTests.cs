using Fts.Accounts;
using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>HASH, OPTS HASH, RANG, and XCRC and similar commands.</summary>
public sealed class HashTests
{
    [Theory, OnEveryWire]
    public Task HASH_returns_the_algorithm_the_range_and_the_hash(Wire wire) => TestServer.PlayAsync(wire, """
        C: HASH a b
        S: 213 SHA-256 0-4 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 a b
        C: OPTS HASH
        S: 200 SHA-256
        C: OPTS HASH md5
        S: 200 MD5
        C: HASH /a b
        S: 213 MD5 0-4 5d41402abc4b2a76b9719d911017c592 /a b
        C: OPTS HASH SHA-1
        S: 200 SHA-1
        C: HASH a b
        S: 213 SHA-1 0-4 aaf4c61ddcc5e8a2dabede0f3b482cd9aea9434d a b
        C: OPTS HASH SHA-512
        S: 200 SHA-512
        C: HASH a b
        S: 213 SHA-512 0-4 9b71d224bd62f3785d96d46ad3ea3d73319bfbc2890caadae2dff72519673ca72323c3d99ba5c11d7c7acc6e14b8c5da0c4663475c2e5c3adef46f73bcdec043 a b
        C: OPTS HASH CRC32
        S: 200 CRC32
        C: HASH a b
        S: 213 CRC32 0-4 3610a686 a b
        C: OPTS HASH SHA-3
        S: 501 *
        C: FEAT
        S: 211-*
        S: ...
        S:  HASH SHA-256;SHA-512;SHA-1;MD5;CRC32*
        S: ...
        S: 211 *
        C: OPTS HASH SHA-256
        S: 200 SHA-256
        C: HASH empty
        S: 213 SHA-256 0-0 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 empty
        C: HASH missing
        S: 550 *
        C: HASH sub
        S: 553 *
        """, ("/a b", "hello"), ("/empty", ""), ("/sub/", ""));

    [Theory, OnEveryWire]
    public Task A_new_user_starts_with_the_default_algorithm(Wire wire) => TestServer.PlayAsync(wire, """
        C: OPTS HASH MD5
        S: 200 MD5
        C: REIN
        S: 220 *
        C: OPTS HASH
        S: 200 SHA-256
        """);

    [Theory, OnEveryWire]
    public Task RANG_applies_to_one_command(Wire wire) => TestServer.PlayAsync(wire, """
        C: RANG 1 3
        S: 350 *
        C: HASH a
        S: 213 SHA-256 1-3 baea96500997ff5cd6cfd26592a978d6b73d480b4ad33d002499cf0041ac9996 a
        C: HASH a
        S: 213 SHA-256 0-4 2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824 a
        C: EPSV
        S: 229 *
        C: RANG 1 3
        S: 350 *
        C: RETR a
        S: 150 * (3 bytes).
        D< ell
        S: 226 *
        C: RANG 3 100
        S: 350 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< lo
        S: 226 *
        C: RANG 0 0
        S: 350 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< h
        S: 226 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< hello
        S: 226 *
        """, ("/a", "hello"));

    [Theory, OnEveryWire]
    public Task The_last_of_RANG_and_REST_applies(Wire wire) => TestServer.PlayAsync(wire, """
        C: RANG 1 2
        S: 350 *
        C: REST 3
        S: 350 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< lo
        S: 226 *
        C: REST 3
        S: 350 *
        C: RANG 1 2
        S: 350 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< el
        S: 226 *
        C: RANG 1 2
        S: 350 *
        C: RANG 1 0
        S: 350 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< hello
        S: 226 *
        """, ("/a", "hello"));

    [Theory, OnEveryWire]
    public async Task An_invalid_RANG_is_rejected_and_nothing_is_overwritten(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "hello"));
        await server.PlayAsync("""
            C: RANG 3 1
            S: 501 *
            C: RANG 3
            S: 501 *
            C: RANG -1 3
            S: 501 *
            C: RANG 0 9223372036854775807
            S: 501 *
            C: EPSV
            S: 229 *
            C: RANG 6 8
            S: 350 *
            C: RETR a
            S: 150 *
            D<
            S: 226 *
            C: RANG 6 8
            S: 350 *
            C: HASH a
            S: 554 *
            C: EPSV
            S: 229 *
            C: RANG 1 3
            S: 350 *
            C: STOR a
            S: 503 *
            C: RANG 1 3
            S: 350 *
            C: APPE a
            S: 503 *
            C: TYPE A
            S: 200 *
            C: RANG 0 3
            S: 350 *
            C: RETR a
            S: 551 *
            """);
        Assert.Equal("hello", await server.ReadAsync("/a"));
    }

    [Theory, OnEveryWire]
    public Task The_older_commands_accept_quoted_names_and_ranges(Wire wire) => TestServer.PlayAsync(wire, """
        C: XCRC a b
        S: 250 3610A686
        C: XCRC "a b"
        S: 250 3610A686
        C: XCRC "a b" 1 4
        S: 250 3C11D901
        C: XCRC a b 2
        S: 250 AAC9B334
        C: XCRC "a b" 2 99
        S: 250 AAC9B334
        C: XCRC report 7
        S: 250 3610A686
        C: XCRC "quote""d"
        S: 250 3610A686
        C: XMD5 a b
        S: 250 5D41402ABC4B2A76B9719D911017C592
        C: XSHA a b
        S: 250 AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D
        C: XSHA1 a b
        S: 250 AAF4C61DDCC5E8A2DABEDE0F3B482CD9AEA9434D
        C: XSHA256 a b
        S: 250 2CF24DBA5FB0A30E26E83B2AC5B9E29E1B161E5C1FA7425E73043362938B9824
        C: XSHA512 a b
        S: 250 9B71D224BD62F3785D96D46AD3EA3D73319BFBC2890CAADAE2DFF72519673CA72323C3D99BA5C11D7C7ACC6E14B8C5DA0C4663475C2E5C3ADEF46F73BCDEC043
        C: XCRC a b 4 1
        S: 501 *
        C: XCRC a b 6
        S: 554 *
        C: XCRC missing
        S: 550 *
        C: XCRC "../../missing
        S: 550 *
        """, ("/a b", "hello"), ("/report 7", "hello"), ("/quote\"d", "hello"));

    [Theory, OnEveryWire]
    public async Task A_repeated_hash_reads_the_file_once_until_it_changes(Wire wire)
    {
        int opened = 0;
        var store = new HookedStore();
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "hello");
        store.Fault = member =>
        {
            opened += member == "OpenReadAsync" ? 1 : 0;
            return null;
        };
        const string GetHash = "C: XCRC a\nS: 250 3610A686\n", SetOldTime = "C: MFMT 20200101000000 a\nS: 213 *\n";
        await server.PlayAsync(SetOldTime + GetHash + GetHash);
        await server.PlayAsync(GetHash + "C: XMD5 a\nS: 250 *");
        Assert.Equal(2, opened);

        await server.WriteAsync("/a", "hallo");
        await server.PlayAsync(SetOldTime + "C: XCRC a\nS: 250 B97231D1");
        Assert.Equal(3, opened);
    }

    [Theory, OnEveryWire]
    public async Task A_recently_changed_file_is_read_again(Wire wire)
    {
        int opened = 0;
        var store = new HookedStore();
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "hello");
        store.Fault = member =>
        {
            opened += member == "OpenReadAsync" ? 1 : 0;
            return null;
        };
        await server.PlayAsync(
            $"C: MFMT {DateTime.UtcNow.AddYears(1):yyyyMMddHHmmss} a\nS: 213 *\nC: HASH a\nS: 213 *\nC: HASH a\nS: 213 *");
        Assert.Equal(2, opened);
    }

    [Theory, OnEveryWire]
    public async Task Other_sessions_are_served_during_HASH_and_ABOR_aborts_it(Wire wire)
    {
        var store = new HookedStore { BeforeRead = token => Task.Delay(Timeout.Infinite, token) };
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a", "hello");
        await server.PlayAsync("""
            C> HASH a\r\nNOOP\r\n
            S: 200 *
            C: STAT
            S: 211-*
            S: ...
            S:  Transfer in progress, 0 *: HASH a
            S: 211 *
            C: ABOR
            S: 426 *
            S: 226 *
            C: PWD
            S: 257 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task HASH_requires_only_the_read_permission(Wire wire)
    {
        const string Script = "C: HASH a\nS: 213 *\nC: XCRC a\nS: 250 *";
        await using TestServer reader =
            new(wire, configure: options => options with { Authenticator = new AnonymousAuthenticator(Permissions.Read) });
        await reader.WriteAsync("/a", "hello");
        await reader.PlayAsync(Script);
        await using TestServer other = new(
            wire, configure: options =>
                options with { Authenticator = new AnonymousAuthenticator(Permissions.ReadWrite & ~Permissions.Read) });
        await other.WriteAsync("/a", "hello");
        await other.PlayAsync(Script.Replace("213", "550", StringComparison.Ordinal).Replace("250", "550", StringComparison.Ordinal));
    }
}
