using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>Names that are not UTF-8: every command accepts and sends their bytes (RFC 2640 §3.1).</summary>
public sealed class ByteNameTests
{
    // Latin-1 é, GBK, CP1251 with the Telnet byte 255.
    private static readonly (string, string)[] Files =
        [("/caf\udce9.txt", "hello"), ("/\udcd6\udcd0/\udcce\udcc4.txt", "gbk"), ("/\udce8\udcff\udcf2.txt", "cp1251"), ("/plain", "1")];

    [Theory, OnEveryWire]
    public Task Listings_contain_the_bytes(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: LIST
        S: 150 *
        L< -rw-r--r-- 1 ftp ftp            5 * caf\xe9.txt
        L< drwxr-xr-x 1 ftp ftp            0 * \xd6\xd0
        L< -rw-r--r-- 1 ftp ftp            6 * \xe8\xff\xf2.txt
        L< -rw-r--r-- 1 ftp ftp            1 * plain
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST \xd6\xd0
        S: 150 *
        D< \xd6\xd0/\xce\xc4.txt\r\n
        S: 226 *
        C: EPSV
        S: 229 *
        C: LIST caf\xe9.*
        S: 150 *
        L< -* caf\xe9.txt
        S: 226 *
        C: EPSV
        S: 229 *
        C: MLSD \xd6\xd0
        S: 150 *
        L< type=file;size=3;* \xce\xc4.txt
        S: 226 *
        C: MLST caf\xe9.txt
        S: 250-*
        S:  type=file;size=5;* /caf\xe9.txt
        S: 250 *
        C: STAT \xd6\xd0
        S: 213-*
        S:  -rw-r--r-- * \xce\xc4.txt
        S: 213 *
        """, Files);

    [Theory, OnEveryWire]
    public async Task Transfers_use_the_bytes_of_the_name(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, Files);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: RETR caf\xe9.txt
            S: 150 *
            D< hello
            S: 226 *
            C: EPSV
            S: 229 *
            C: STOR \xd6\xd0/\xb1\xed.txt
            S: 150 *
            D> new
            S: 226 *
            C: EPSV
            S: 229 *
            C: APPE \xd6\xd0/\xb1\xed.txt
            S: 150 *
            D>  and more
            S: 226 *
            C: REST 3
            S: 350 *
            C: EPSV
            S: 229 *
            C: STOR caf\xe9.txt
            S: 150 *
            D> p!
            S: 226 *
            C: SIZE \xd6\xd0/\xb1\xed.txt
            S: 213 12
            C: MFMT 20240102030405 caf\xe9.txt
            S: 213 Modify=20240102030405; caf\xe9.txt
            C: MDTM caf\xe9.txt
            S: 213 20240102030405
            C: HASH caf\xe9.txt
            S: 213 SHA-256 * caf\xe9.txt
            C: XMD5 caf\xe9.txt
            S: 250 *
            """);
        Assert.Equal("new and more", await server.ReadAsync("/\udcd6\udcd0/\udcb1\udced.txt"));
        Assert.Equal("help!", await server.ReadAsync("/caf\udce9.txt"));
    }

    [Theory, OnEveryWire]
    public async Task Files_and_directories_are_created_renamed_copied_and_deleted(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, Files);
        await server.PlayAsync("""
            C: MKD \xdcb
            S: 257 "/\xdcb" *
            C: MKD \xdcb
            S: 550 *
            C: CWD \xdcb
            S: 250 Directory changed to /\xdcb
            C: PWD
            S: 257 "/\xdcb" *
            C: RNFR ../caf\xe9.txt
            S: 350 *
            C: RNTO c\xe0f.txt
            S: 250 *
            C: SITE COPY "c\xe0f.txt" "k\xe4.txt"
            S: 2*
            C: COMB "z\xfc" "k\xe4.txt" "/\xd6\xd0/\xce\xc4.txt"
            S: 2*
            C: DELE c\xe0f.txt
            S: 250 *
            C: CDUP
            S: 250 *
            C: RMD \xdcb
            S: 550 *
            C: DELE \xdcb/z\xfc
            S: 250 *
            C: RMD \xdcb
            S: 250 *
            """);
        Assert.Equal(["plain", "\udcd6\udcd0", "\udce8\udcff\udcf2.txt"], await server.ListNamesAsync("/"));
    }

    [Theory, OnEveryWire]
    public async Task The_byte_255_is_doubled_in_replies_and_accepted_once_or_twice(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, Files);
        await server.PlayAsync("""
            C: SIZE \xe8\xff\xff\xf2.txt
            S: 213 6
            C: MKD \xff\xff\xe0\xff\xff
            S: 257 "/\xff\xff\xe0\xff\xff" *
            C: CWD \xff\xff\xe0\xff\xff
            S: 250 Directory changed to /\xff\xff\xe0\xff\xff
            C: RMD /\xff\xff\xe0\xff\xff
            S: 250 *
            """);
        await server.PlayAsync("""
            C: SIZE \xe8\xff\xf2.txt
            S: 213 6
            C: MKD \xff\xe0\xff\xff
            S: 257 "/\xff\xff\xe0\xff\xff\xff\xff" *
            C: CWD \xff\xe0\xff\xff
            S: 250 *
            C: MKD \xff\xff
            S: 257 "/\xff\xff\xe0\xff\xff\xff\xff/\xff\xff\xff\xff" *
            C: RMD \xff\xff
            S: 250 *
            """);
    }

    [Theory, OnEveryWire]
    public Task Malformed_UTF8_is_a_name_and_never_a_path(Wire wire) => TestServer.PlayAsync(wire, """
        C: CWD sub
        S: 250 *
        C: MKD \xc0\xae\xc0\xae
        S: 257 "/sub/\xc0\xae\xc0\xae" *
        C: CWD \xc0\xae\xc0\xae
        S: 250 *
        C: PWD
        S: 257 "/sub/\xc0\xae\xc0\xae" *
        C: CWD ..\xc0\xaf..
        S: 550 *
        C: CWD \xed\xb3\x83\xed\xb2\xa9
        S: 550 *
        C: CWD /caf\xc3\xa9
        S: 250 *
        C: MKD \xc0\xaeFTS-pending-\xe9
        S: 257 *
        C: MKD .FTS-pending-\xe9
        S: 550 *
        """, ("/sub/", ""), ("/café/", ""));

    [Theory, OnEveryWire]
    public async Task A_name_of_255_bytes_is_the_longest(Wire wire)
    {
        string longest = string.Concat(Enumerable.Repeat("\\xa4", 255));
        await using TestServer server = new(wire);
        await server.PlayAsync($"""
            C: MKD {longest}
            S: 257 "/{longest}" *
            C: MKD {longest}x
            S: 550 *
            C: EPSV
            S: 229 *
            C: MLSD
            S: 150 *
            L< * {longest}
            S: 226 *
            C: EPSV
            S: 229 *
            C: LIST
            S: 150 *
            L< * {longest}
            S: 226 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task Different_bytes_in_a_name_have_separate_partial_uploads(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: STOR a\xe9
            S: 150 *
            D+ first
            D: reset
            S: 426 *
            C: SIZE a\xe8
            S: 550 *
            C: EPSV
            S: 229 *
            C: APPE a\xe8
            S: 150 *
            D> second
            S: 226 *
            C: SIZE a\xe8
            S: 213 6
            """);
        Assert.Equal("second", await server.ReadAsync("/a\udce8"));
    }

    [Theory, OnEveryWire]
    public Task Account_names_must_be_text(Wire wire) => TestServer.PlayAsync(wire, """
        C: USER \xe4
        S: 501 *
        C: ACCT \xe4
        S: 501 *
        C: PWD
        S: 257 *
        """);
}
