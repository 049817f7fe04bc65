using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Listings;

/// <summary>LIST and NLST: directories, files, patterns and the options of ls.</summary>
public sealed class ListTests
{
    private static readonly (string, string)[] Files =
        [("/a.txt", "12345"), ("/b.bin", ""), ("/sub/c d.txt", "1"), ("/sub/deeper/", ""), ("/-l", "dash"), ("/empty/", "")];

    [Theory, OnEveryWire]
    public Task LIST_returns_lines_in_the_format_of_ls(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: LIST
        S: 150 *
        L< -rw-r--r-- 1 ftp ftp            5 * a.txt
        L< -rw-r--r-- 1 ftp ftp            0 * b.bin
        L< -rw-r--r-- 1 ftp ftp            4 * -l
        L< drwxr-xr-x 1 ftp ftp            0 * sub
        L< drwxr-xr-x 1 ftp ftp            0 * empty
        S: 226 *
        """, Files);

    [Theory, OnEveryWire]
    public Task LIST_of_a_directory_a_file_and_a_missing_path(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: LIST sub/
        S: 150 *
        L< -* c d.txt
        L< d* deeper
        S: 226 *
        C: EPSV
        S: 229 *
        C: LIST /sub/c d.txt
        S: 150 *
        L< -* c d.txt
        S: 226 *
        C: EPSV
        S: 229 *
        C: LIST empty
        S: 150 *
        L< (none)
        S: 226 *
        C: EPSV
        S: 229 *
        C: LIST missing
        S: 550 *
        C: LIST missing/*.txt
        S: 550 *
        C: CWD sub
        S: 250 *
        C: LIST ..
        S: 150 *
        L< *a.txt
        L< *b.bin
        L< *-l
        L< *sub
        L< *empty
        S: 226 *
        """, Files);

    [Theory, OnEveryWire]
    public Task Options_of_ls_are_skipped_unless_a_file_has_that_name(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: LIST -la empty
        S: 150 *
        L< (none)
        S: 226 *
        C: EPSV
        S: 229 *
        C: LIST -a -L sub/c d.txt
        S: 150 *
        L< * c d.txt
        S: 226 *
        C: CWD sub
        S: 250 *
        C: EPSV
        S: 229 *
        C: LIST -la
        S: 150 *
        L< * c d.txt
        L< * deeper
        S: 226 *
        C: CWD /
        S: 250 *
        C: EPSV
        S: 229 *
        C: LIST -l
        S: 150 *
        L< * -l
        S: 226 *
        C: EPSV
        S: 229 *
        C: LIST -la missing
        S: 550 *
        """, Files);

    [Theory, OnEveryWire]
    public Task A_pattern_selects_names(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: LIST *.txt
        S: 150 *
        L< * a.txt
        S: 226 *
        C: EPSV
        S: 229 *
        C: LIST -l sub/*
        S: 150 *
        L< * c d.txt
        L< * deeper
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST ?.*
        S: 150 *
        L< a.txt
        L< b.bin
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST /sub/*.txt
        S: 150 *
        L< /sub/c d.txt
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST *.none
        S: 150 *
        L< (none)
        S: 226 *
        """, Files);

    [Theory, OnEveryWire]
    public Task A_file_whose_name_contains_an_asterisk_precedes_the_pattern(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: NLST a*
        S: 150 *
        L< a\*
        S: 226 *
        """, ("/a*", "x"), ("/ab", "y"));

    [Theory, OnEveryWire]
    public Task NLST_returns_names_that_RETR_accepts(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: NLST sub
        S: 150 *
        L< sub/c d.txt
        L< sub/deeper
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST /sub/
        S: 150 *
        L< /sub/c d.txt
        L< /sub/deeper
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST sub/c d.txt
        S: 150 *
        L< sub/c d.txt
        S: 226 *
        C: EPSV
        S: 229 *
        C: RETR sub/c d.txt
        S: 150 *
        D< 1
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST missing
        S: 550 *
        C: NLST -a empty
        S: 150 *
        L< (none)
        S: 226 *
        """, Files);

    [Theory, OnEveryWire]
    public Task Listings_are_the_same_in_ascii(Wire wire) => TestServer.PlayAsync(wire, """
        C: TYPE A
        S: 200 *
        C: EPSV
        S: 229 *
        C: NLST sub
        S: 150 *
        L< sub/c d.txt
        L< sub/deeper
        S: 226 *
        """, Files);
}
