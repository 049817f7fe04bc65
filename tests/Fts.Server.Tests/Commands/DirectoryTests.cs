using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>CWD, CDUP, PWD, MKD, RMD, and their X forms.</summary>
public sealed class DirectoryTests
{
    [Theory, OnEveryWire]
    public Task CWD_accepts_relative_and_absolute_paths_and_stops_at_the_root(Wire wire) => TestServer.PlayAsync(wire, """
        C: CWD a
        S: 250 *
        C: PWD
        S: 257 "/a" *
        C: XCWD b/
        S: 250 *
        C: XPWD
        S: 257 "/a/b" *
        C: CWD ../..//a/./b/
        S: 250 *
        C: PWD
        S: 257 "/a/b" *
        C: CDUP
        S: 250 *
        C: XCUP
        S: 250 *
        C: CDUP
        S: 250 *
        C: PWD
        S: 257 "/" *
        C: CWD ../../../../a
        S: 250 *
        C: PWD
        S: 257 "/a" *
        C: CWD /
        S: 250 *
        C: PWD
        S: 257 "/" *
        """, ("/a/b/", ""));

    [Theory, OnEveryWire]
    public Task CWD_to_a_missing_path_or_a_file_returns_550(Wire wire) => TestServer.PlayAsync(wire, """
        C: CWD sub
        S: 250 *
        C: CWD missing
        S: 550 *
        C: CWD file
        S: 550 *
        C: CWD file/below
        S: 550 *
        C: PWD
        S: 257 "/sub" *
        """, ("/sub/file", "x"));

    [Theory, OnEveryWire]
    public Task Names_with_special_characters_are_preserved(Wire wire) => TestServer.PlayAsync(wire, """"
        C: MKD with  two spaces
        S: 257 "/with  two spaces" *
        C: CWD with  two spaces
        S: 250 *
        C: MKD say "hi"
        S: 257 "/with  two spaces/say ""hi""" *
        C: CWD say "hi"
        S: 250 *
        C: PWD
        S: 257 "/with  two spaces/say ""hi""" *
        C: MKD Žluťoučký 日本 🎈
        S: 257 "/with  two spaces/say ""hi""/Žluťoučký 日本 🎈" *
        C: CWD Žluťoučký 日本 🎈
        S: 250 *
        C: MKD -la
        S: 257 "*/-la" *
        C: MKD  leading
        S: 257 "*/ leading" *
        C: MKD C:\\back\\slash
        S: 257 "*/C:\back\slash" *
        C: MKD ...
        S: 257 "*/..." *
        C: RMD  leading
        S: 250 *
        C: RMD -la
        S: 250 *
        """");

    [Theory, OnEveryWire]
    public Task MKD_creates_one_directory_level(Wire wire) => TestServer.PlayAsync(wire, """
        C: MKD a
        S: 257 "/a" *
        C: XMKD a/b
        S: 257 "/a/b" *
        C: MKD a
        S: 550 *
        C: MKD missing/b
        S: 550 *
        C: MKD file
        S: 550 *
        C: MKD file/b
        S: 550 *
        C: MKD /
        S: 550 *
        C: MKD a/../c/
        S: 257 "/c" *
        """, ("/file", "x"));

    [Theory, OnEveryWire]
    public Task RMD_deletes_only_empty_directories(Wire wire) => TestServer.PlayAsync(wire, """
        C: RMD full
        S: 550 *
        C: RMD full/file
        S: 550 *
        C: RMD missing
        S: 550 *
        C: RMD /
        S: 550 *
        C: RMD ..
        S: 550 *
        C: XRMD empty
        S: 250 *
        C: CWD empty
        S: 550 *
        C: RMD gone/
        S: 250 *
        """, ("/full/file", "x"), ("/empty/", ""), ("/gone/", ""));

    [Theory, OnEveryWire]
    public Task A_deleted_working_directory_returns_550_and_can_be_left(Wire wire) => TestServer.PlayAsync(wire, """
        C: CWD a
        S: 250 *
        C: RMD /a
        S: 250 *
        C: PWD
        S: 257 "/a" *
        C: MKD b
        S: 550 *
        C: EPSV
        S: 229 *
        C: LIST
        S: 550 *
        C: CDUP
        S: 250 *
        C: PWD
        S: 257 "/" *
        """, ("/a/", ""));

    [Theory, OnEveryWire]
    public async Task An_invalid_path_returns_550_or_553_if_it_creates_a_name(Wire wire)
    {
        await using var server = new TestServer(wire);
        await using Conversation client = await server.LogInAsync();
        string tooLong = new('x', 256);
        string tooDeep = string.Concat(Enumerable.Repeat("d/", 300));
        foreach (string verb in (string[])["CWD", "MKD", "RMD", "DELE", "RNFR", "SIZE", "MDTM", "MLST", "MFMT 20200101000000", "STAT"])
        {
            await client.PlayAsync(
                $"C: {verb} {tooLong}\nS: 550 *\nC: {verb} {tooDeep}\nS: 550 *\nC: {verb} a\\0b\nS: 550 *\nC: {verb} a\\rb\nS: 550 *");
        }

        foreach (string verb in (string[])["RETR", "STOR", "APPE", "STOU", "LIST", "NLST", "MLSD"])
        {
            await client.OpenDataAsync();
            int code = verb is "STOR" or "APPE" or "STOU" ? 553 : 550;
            await client.PlayAsync($"C: {verb} {tooLong}\nS: {code} *\nC: {verb} a\\0b\nS: {code} *");
        }
    }
}
