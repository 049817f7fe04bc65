using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>DELE, SIZE, MDTM and MFMT.</summary>
public sealed class FileTests
{
    [Theory, OnEveryWire]
    public async Task DELE_deletes_only_files(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a b", "x"), ("/sub/c", "x"));
        await server.PlayAsync("""
            C: DELE a b
            S: 250 *
            C: DELE a b
            S: 550 *
            C: DELE sub
            S: 550 *
            C: DELE /
            S: 550 *
            C: DELE /../sub/../sub/c
            S: 250 *
            """);
        Assert.Equal(["sub"], await server.ListNamesAsync("/"));
        Assert.Empty(await server.ListNamesAsync("/sub"));
    }

    [Theory, OnEveryWire]
    public Task SIZE_returns_the_size_of_a_file(Wire wire) => TestServer.PlayAsync(wire, """
        C: SIZE a
        S: 213 6
        C: SIZE sub/../a
        S: 213 6
        C: SIZE sub
        S: 550 *
        C: SIZE missing
        S: 550 *
        C: SIZE a/b
        S: 550 *
        """, ("/a", "hellö"), ("/sub/", ""));

    [Theory, OnEveryWire]
    public Task MDTM_returns_the_time_that_MFMT_set(Wire wire) => TestServer.PlayAsync(wire, """
        C: MFMT 20240229123456 a b
        S: 213 Modify=20240229123456; a b
        C: MDTM a b
        S: 213 20240229123456
        C: MFMT 19991231235959.123 /a b
        S: 213 Modify=19991231235959; /a b
        C: MDTM /a b
        S: 213 19991231235959
        C: MFMT 20240229123456 sub
        S: 213 *
        C: MDTM sub
        S: 213 20240229123456
        C: MDTM missing
        S: 550 *
        C: MFMT 20240229123456 missing
        S: 550 *
        C: MFMT 20230229123456 a b
        S: 501 *
        C: MFMT 20240229123456
        S: 501 *
        C: MFMT a b
        S: 501 *
        C: MDTM a b
        S: 213 19991231235959
        """, ("/a b", "x"), ("/sub/", ""));

    [Theory, OnEveryWire]
    public Task Metadata_commands_are_allowed_between_REST_and_RETR(Wire wire) => TestServer.PlayAsync(wire, """
        C: REST 1
        S: 350 *
        C: SIZE a
        S: 213 5
        C: MDTM a
        S: 213 *
        C: TYPE I
        S: 200 *
        C: EPSV
        S: 229 *
        C: STAT
        S: 211-*
        S: ...
        S: 211 *
        C: RETR a
        S: 150 *
        D< ello
        S: 226 *
        """, ("/a", "hello"));
}
