using Fts.Accounts;
using Fts.Server.Tests.Support;
using Fts.Storage.Local;

namespace Fts.Server.Tests.Commands;

/// <summary>MFF, SITE UTIME and SITE CHMOD.</summary>
public sealed class MetadataTests
{
    [Theory, OnEveryWire]
    public Task MLST_returns_the_facts_that_MFF_set(Wire wire) => TestServer.PlayAsync(wire, """
        C: MFF Modify=20240229123456;UNIX.mode=0640; a b
        S: 213 Modify=20240229123456;UNIX.mode=0640; a b
        C: OPTS MLST modify;UNIX.mode;
        S: 200 *
        C: MLST a b
        S: 250-*
        S:  modify=20240229123456;UNIX.mode=0640; /a b
        S: 250 *
        C: MFF unix.mode=007; /a b
        S: 213 UNIX.mode=0007; /a b
        C: MLST a b
        S: 250-*
        S:  modify=20240229123456;UNIX.mode=0007; /a b
        S: 250 *
        C: MFF modify=19991231235959; sub
        S: 213 Modify=19991231235959; sub
        C: MDTM sub
        S: 213 19991231235959
        """, ("/a b", "x"), ("/sub/", ""));

    [Theory, OnEveryWire]
    public Task MFF_sets_all_facts_or_none(Wire wire) => TestServer.PlayAsync(wire, """
        C: MFMT 20200101000000 a
        S: 213 *
        C: MFF Modify=20240229123456;Owner=root; a
        S: 504 *
        C: MFF Modify=20240229123456;UNIX.mode=4755; a
        S: 501 *
        C: MFF Modify=20240229123456;UNIX.mode=888; a
        S: 501 *
        C: MFF Modify=20240229123456;UNIX.mode; a
        S: 501 *
        C: MFF Modify=20240229123456 a
        S: 501 *
        C: MFF ; a
        S: 501 *
        C: MFF Modify=20240229123456;
        S: 501 *
        C: MFF Modify=2024; a
        S: 501 *
        C: MFF Modify=20240229123456; missing
        S: 550 *
        C: MDTM a
        S: 213 20200101000000
        """, ("/a", "x"));

    [Theory, OnEveryWire]
    public Task MFCT_is_rejected_and_not_listed_in_FEAT(Wire wire) => TestServer.PlayAsync(wire, """
        C: MFCT 20240229123456 a
        S: 504 *creation*
        C: MFCT 2024 a
        S: 501 *
        C: MFCT 20240229123456
        S: 501 *
        C: MFF Create=20240229123456; a
        S: 504 *creation*
        C: MFF Modify=20240229123456;Create=20240229123456; a
        S: 504 *creation*
        C: MFMT 20200101000000 a
        S: 213 *
        C: MDTM a
        S: 213 20200101000000
        """, ("/a", "x"));

    [Theory, OnEveryWire]
    public Task Mdtm_with_a_time_before_the_name_sets_the_time(Wire wire) => TestServer.PlayAsync(wire, """
        C: MDTM 20240102030405 a b
        S: 213 Modify=20240102030405; a b
        C: MDTM a b
        S: 213 20240102030405
        C: MDTM 20200101000000.250 sub
        S: 213 *
        C: MDTM sub
        S: 213 20200101000000
        C: MDTM 20240102030405 missing
        S: 550 *
        C: MDTM 20241302030405 a b
        S: 550 *
        C: MDTM 20240102030405
        S: 550 *
        C: MDTM 20240102030405 
        S: 550 *
        """, ("/a b", "x"), ("/sub/", ""));

    [Theory, OnEveryWire]
    public async Task MDTM_of_a_file_whose_name_starts_with_a_time_returns_its_time(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/20240102030405 a", "x"), ("/a", "x"));
        await server.PlayAsync("""
            C: MFMT 20200101000000 20240102030405 a
            S: 213 *
            C: MFMT 20210101000000 a
            S: 213 *
            C: MDTM 20240102030405 a
            S: 213 20200101000000
            C: MDTM a
            S: 213 20210101000000
            """);
    }

    [Theory, OnEveryWire]
    public async Task Mdtm_sets_the_time_of_a_file_with_the_longest_name(Wire wire)
    {
        string name = new('n', 255);
        await using TestServer server = await TestServer.WithAsync(wire, ($"/{name}", "x"));
        await server.PlayAsync($"""
            C: MDTM 20240102030405 {name}
            S: 213 Modify=20240102030405; {name}
            C: MDTM {name}
            S: 213 20240102030405
            """);
    }

    [Fact]
    public async Task MDTM_with_a_time_requires_the_write_permission()
    {
        await using TestServer server = new(
            Wire.IPv4, configure: options =>
                options with { Authenticator = new AnonymousAuthenticator(Permissions.List | Permissions.Read) });
        await server.WriteAsync("/a", "x");
        await server.PlayAsync("""
            C: MDTM 20240102030405 a
            S: 550 *
            C: MDTM a
            S: 213 2*
            """);
    }

    [Theory, OnEveryWire]
    public Task SITE_UTIME_accepts_both_forms(Wire wire) => TestServer.PlayAsync(wire, """
        C: SITE UTIME 20240229123456 a b
        S: 200 *
        C: MDTM a b
        S: 213 20240229123456
        C: site utime 202402291234 a b
        S: 200 *
        C: MDTM a b
        S: 213 20240229123400
        C: SITE UTIME a b 20010101000000 20020202000000 20030303000000 UTC
        S: 200 *
        C: MDTM a b
        S: 213 20020202000000
        C: SITE UTIME 20240229123456
        S: 501 *
        C: SITE UTIME a b
        S: 501 *
        C: SITE UTIME 20010101000000 20020202000000 20030303000000 UTC
        S: 550 *
        C: SITE UTIME 20240229123456 missing
        S: 550 *
        """, ("/a b", "x"));

    [Theory, OnEveryWire]
    public async Task SITE_CHMOD_sets_only_the_nine_permission_bits(Wire wire)
    {
        using var directory = new TemporaryDirectory();
        using var store = new LocalFileStore(directory.Path);
        await using TestServer server = new(wire, store);
        await server.WriteAsync("/a b", "x");
        await server.PlayAsync("""
            C: SITE CHMOD 640 a b
            S: 200 *
            C: OPTS MLST UNIX.mode;
            S: 200 *
            C: MLST a b
            S: 250-*
            S:  UNIX.mode=0640; /a b
            S: 250 *
            C: SITE CHMOD 0755 a b
            S: 200 *
            C: SITE CHMOD 4755 a b
            S: 501 *
            C: SITE CHMOD u+s a b
            S: 501 *
            C: SITE CHMOD 1000 a b
            S: 501 *
            C: SITE CHMOD 755
            S: 501 *
            C: SITE CHMOD 755 missing
            S: 550 *
            C: SITE CHMOD 755 ../../etc/passwd
            S: 550 *
            """);
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal((UnixFileMode)0x1ED, File.GetUnixFileMode(Path.Combine(directory.Path, "a b")));
        }
    }
}
