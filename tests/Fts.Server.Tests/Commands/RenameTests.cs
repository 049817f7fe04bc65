using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>RNFR and RNTO.</summary>
public sealed class RenameTests
{
    [Theory, OnEveryWire]
    public async Task Files_and_directories_are_renamed_and_moved(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"), ("/sub/deep/c", "y"));
        await server.PlayAsync("""
            C: RNFR a
            S: 350 *
            C: RNTO sub/a new
            S: 250 *
            C: RNFR sub
            S: 350 *
            C: RNTO other/
            S: 250 *
            C: RNFR /other/deep
            S: 350 *
            C: RNTO /deep
            S: 250 *
            """);
        Assert.Equal("x", await server.ReadAsync("/other/a new"));
        Assert.Equal("y", await server.ReadAsync("/deep/c"));
        Assert.Equal(["deep", "other"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task An_existing_file_is_replaced(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/new", "new"), ("/old", "old"));
        await server.PlayAsync("""
            C: RNFR new
            S: 350 *
            C: RNTO old
            S: 250 *
            C: RNFR old
            S: 350 *
            C: RNTO old
            S: 250 *
            """);
        Assert.Equal("new", await server.ReadAsync("/old"));
        Assert.Equal(["old"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task Invalid_renames_are_rejected(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/a", "x"), ("/sub/deep/", ""), ("/full/b", "y"));
        await server.PlayAsync("""
            C: RNFR missing
            S: 550 *
            C: RNTO b
            S: 503 *
            C: RNFR /
            S: 550 *
            C: RNFR a
            S: 350 *
            C: RNTO missing/b
            S: 550 *
            C: RNFR sub
            S: 350 *
            C: RNTO sub/deep/er
            S: 550 *
            C: RNFR sub
            S: 350 *
            C: RNTO full
            S: 550 *
            C: RNFR a
            S: 350 *
            C: RNTO full
            S: 550 *
            C: RNFR a
            S: 350 *
            C: RNTO /
            S: 550 *
            C: RNFR a
            S: 350 *
            C: RNTO ../..
            S: 550 *
            """);
        Assert.Equal(["a", "full", "sub"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public Task RNTO_must_follow_RNFR(Wire wire) => TestServer.PlayAsync(wire, """
        C: RNTO b
        S: 503 *
        C: RNFR a
        S: 350 *
        C: NOOP
        S: 200 *
        C: RNTO b
        S: 250 *
        C: RNTO c
        S: 503 *
        C: RNFR b
        S: 350 *
        C: PWD
        S: 257 *
        C: RNTO c
        S: 503 *
        C: RNFR b
        S: 350 *
        C: RNFR sub
        S: 350 *
        C: RNTO moved
        S: 250 *
        C: RNFR b
        S: 350 *
        C: RNFR missing
        S: 550 *
        C: RNTO c
        S: 503 *
        C: RNFR b
        S: 350 *
        C: ABOR
        S: 226 *
        C: RNTO c
        S: 503 *
        C: SIZE b
        S: 213 1
        """, ("/a", "x"), ("/sub/", ""));
}
