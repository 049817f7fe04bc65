using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Listings;

/// <summary>The options of ls: order and recursion.</summary>
public sealed class ListOptionTests
{
    private static readonly (string, string)[] Tree =
        [("/b", "12"), ("/a", "1"), ("/c", "123"), ("/sub/x", "1"), ("/sub/deep/y", ""), ("/zero/", "")];

    [Theory, OnEveryWire]
    public async Task Options_order_the_names(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/f/b", "12"), ("/f/a", "1"), ("/f/c", "123"));
        await server.PlayAsync("""
            C: MFMT 20240102000000 f/a
            S: 213 *
            C: MFMT 20240101000000 f/b
            S: 213 *
            C: MFMT 20240103000000 f/c
            S: 213 *
            """);
        foreach ((string options, string names) in ((string, string)[])
            [("-t", "c a b"), ("-ltr", "b a c"), ("-S", "c b a"), ("-l -S -r", "a b c"), ("-r", "c b a"), ("-aSt", "c a b"),
                ("-tS --", "c b a"), ("--reverse -t", "c a b"), ("-t -1F", "c a b")])
        {
            await server.PlayAsync($"""
                C: CWD f
                S: 250 *
                C: EPSV
                S: 229 *
                C: NLST {options}
                S: 150 *
                D< {string.Concat(names.Split(' ').Select(name => name + "\\r\\n"))}
                S: 226 Transfer complete.
                """);
        }
    }

    [Theory, OnEveryWire]
    public Task Equal_times_and_sizes_are_ordered_by_name(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: NLST -S f
        S: 150 *
        D< f/a\r\nf/b\r\nf/c\r\n
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST -Sr f
        S: 150 *
        D< f/c\r\nf/b\r\nf/a\r\n
        S: 226 *
        """, ("/f/b", "1"), ("/f/c", "1"), ("/f/a", "1"));

    [Theory, OnEveryWire]
    public Task Two_hyphens_end_the_options(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: NLST -l -- -S
        S: 150 *
        D< -S/x\r\n
        S: 226 *
        C: EPSV
        S: 229 *
        C: NLST -- missing
        S: 550 *
        """, ("/-S/x", ""));

    [Theory, OnEveryWire]
    public async Task Recursion_lists_each_directory_under_its_heading(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, Tree);
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: NLST -RS
            S: 150 *
            D< .:\r\nc\r\nb\r\na\r\nsub\r\nzero\r\n\r\n./sub:\r\n./sub/x\r\n./sub/deep\r\n\r\n./sub/deep:\r\n./sub/deep/y\r\n\r\n./zero:\r\n
            S: 226 Transfer complete.
            C: EPSV
            S: 229 *
            C: LIST -lR sub/
            S: 150 *
            L< sub:
            L< -rw-r--r-- 1 ftp ftp            1 * x
            L< drwxr-xr-x 1 ftp ftp            0 * deep
            L<
            L< sub/deep:
            L< -rw-r--r-- 1 ftp ftp            0 * y
            S: 226 Transfer complete.
            C: EPSV
            S: 229 *
            C: NLST -R /sub/deep
            S: 150 *
            D< /sub/deep:\r\n/sub/deep/y\r\n
            S: 226 *
            C: EPSV
            S: 229 *
            C: NLST -R a
            S: 150 *
            D< a\r\n
            S: 226 *
            C: CWD zero
            S: 250 *
            C: EPSV
            S: 229 *
            C: NLST -Rr /
            S: 150 *
            D< /:\r\n/zero\r\n/sub\r\n/c\r\n/b\r\n/a\r\n\r\n/zero:\r\n\r\n/sub:\r\n/sub/x\r\n/sub/deep\r\n\r\n/sub/deep:\r\n/sub/deep/y\r\n
            S: 226 *
            """);
    }

    [Theory, OnEveryWire]
    public async Task Limits_are_reported(Wire wire)
    {
        await using (TestServer server = new(wire, configure: options => options with { MaxSortedEntriesPerListing = 2 }))
        {
            foreach ((string path, string content) in Tree)
            {
                await server.WriteAsync(path, content);
            }

            await server.PlayAsync("""
                C: EPSV
                S: 229 *
                C: NLST -t
                S: 150 *
                L< a
                L< b
                L< c
                L< sub
                L< zero
                S: 226 Transfer complete. Not sorted: more than 2 entries.
                C: EPSV
                S: 229 *
                C: NLST -t sub
                S: 150 *
                L< sub/x
                L< sub/deep
                S: 226 Transfer complete.
                C: EPSV
                S: 229 *
                C: NLST -R
                S: 150 *
                L< .:
                L< a
                L< b
                L< c
                L< sub
                L< zero
                L<
                L< ./sub:
                L< ./sub/x
                L< ./sub/deep
                L<
                L< ./sub/deep:
                L< ./sub/deep/y
                L<
                L< ./zero:
                S: 226 Transfer complete.
                """);
        }

        await using TestServer small =
            new(wire, configure: options => options with { MaxRecursiveEntries = 3, MaxSortedEntriesPerListing = 0 });
        await using TestServer flat = new(wire, configure: options => options with { MaxRecursiveDepth = 1 });
        await using TestServer held = new(wire, configure: options => options with { MaxSortedEntriesPerListing = 0 });
        foreach (TestServer server in new[] { small, flat, held })
        {
            await server.WriteAsync("/one/two/three/four", "");
        }

        await small.PlayAsync("""
            C: EPSV
            S: 229 *
            C: NLST -R
            S: 150 *
            D< .:\r\none\r\n\r\n./one:\r\n./one/two\r\n\r\n./one/two:\r\n./one/two/three\r\n\r\n./one/two/three:\r\n
            S: 451 The listing is incomplete: more than 3 entries.*
            """);
        await flat.PlayAsync("""
            C: EPSV
            S: 229 *
            C: NLST -R
            S: 150 *
            D< .:\r\none\r\n\r\n./one:\r\n./one/two\r\n
            S: 451 The listing is incomplete: more than 1 level of directories.*
            """);
        await held.PlayAsync("""
            C: EPSV
            S: 229 *
            C: NLST -R
            S: 150 *
            D< .:\r\none\r\n\r\n./one:\r\n./one/two\r\n\r\n./one/two:\r\n./one/two/three\r\n\r\n./one/two/three:\r\n./one/two/three/four\r\n
            S: 226 Transfer complete.
            """);
    }

    [Theory, OnEveryWire]
    public Task STAT_supports_the_order_options(Wire wire) => TestServer.PlayAsync(wire, """
        C: STAT -S f
        S: 213-*
        S:  * b
        S:  * a
        S: 213 *
        """, ("/f/a", "1"), ("/f/b", "12"));

    [Fact]
    public Task HELP_lists_the_options() => TestServer.PlayAsync(Wire.IPv4, """
        C: HELP LIST
        S: 214 LIST [-RtSr] [path]
        C: HELP NLST
        S: 214 NLST [-RtSr] [path]
        """);
}
