using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Listings;

/// <summary>MLSD, MLST and OPTS MLST (RFC 3659 §7).</summary>
public sealed class MachineListTests
{
    private static readonly (string, string)[] Files = [("/a b.txt", "12345"), ("/sub/c", "1"), ("/empty/", "")];

    [Theory, OnEveryWire]
    public Task MLSD_returns_the_facts_of_each_entry(Wire wire) => TestServer.PlayAsync(wire, """
        C: MFMT 20240229123456 a b.txt
        S: 213 *
        C: EPSV
        S: 229 *
        C: MLSD
        S: 150 *
        L< type=file;size=5;modify=20240229123456;perm=adfrw;unique=*;UNIX.mode=0644; a b.txt
        L< type=dir;modify=*;perm=cdeflmp;unique=*;UNIX.mode=0755; sub
        L< type=dir;modify=*;perm=cdeflmp;unique=*;UNIX.mode=0755; empty
        S: 226 *
        C: EPSV
        S: 229 *
        C: MLSD /sub/
        S: 150 *
        L< type=file;* c
        S: 226 *
        C: EPSV
        S: 229 *
        C: MLSD empty
        S: 150 *
        L< (none)
        S: 226 *
        """, Files);

    [Theory, OnEveryWire]
    public Task MLSD_of_a_file_returns_501_and_of_a_missing_path_550(Wire wire) => TestServer.PlayAsync(wire, """
        C: EPSV
        S: 229 *
        C: MLSD a b.txt
        S: 501 *
        C: MLSD missing
        S: 550 *
        C: MLSD -la
        S: 550 *
        C: MLSD *
        S: 550 *
        """, Files);

    [Theory, OnEveryWire]
    public Task MLST_returns_one_path_over_the_control_connection(Wire wire) => TestServer.PlayAsync(wire, """
        C: MLST a b.txt
        S: 250-*
        S:  type=file;size=5;modify=*;perm=adfrw;* /a b.txt
        S: 250 *
        C: CWD sub
        S: 250 *
        C: MLST
        S: 250-*
        S:  type=dir;* /sub
        S: 250 *
        C: MLST /
        S: 250-*
        S:  type=dir;* /
        S: 250 *
        C: MLST missing
        S: 550 *
        C: MLST /a b.txt/x
        S: 550 *
        """, Files);

    [Theory, OnEveryWire]
    public Task OPTS_MLST_selects_the_facts_and_FEAT_marks_them(Wire wire) => TestServer.PlayAsync(wire, """
        C: FEAT
        S: 211-*
        S: ...
        S:  MLST type\*;size\*;modify\*;perm\*;unique\*;UNIX.mode\*;X.sha256;
        S: ...
        S: 211 *
        C: OPTS MLST Size;TYPE;nonsense;
        S: 200 MLST OPTS type;size;
        C: FEAT
        S: 211-*
        S: ...
        S:  MLST type\*;size\*;modify;perm;unique;UNIX.mode;X.sha256;
        S: ...
        S: 211 *
        C: MLST a b.txt
        S: 250-*
        S:  type=file;size=5; /a b.txt
        S: 250 *
        C: EPSV
        S: 229 *
        C: MLSD sub
        S: 150 *
        L< type=file;size=1; c
        S: 226 *
        C: OPTS MLST
        S: 200 MLST OPTS
        C: MLST a b.txt
        S: 250-*
        S:   /a b.txt
        S: 250 *
        """, Files);

    [Theory, OnEveryWire]
    public async Task The_perm_fact_contains_the_permissions_of_the_account(Wire wire)
    {
        await using TestServer server =
            new(wire, configure: options =>
                options with { Authenticator = new Fts.Accounts.AnonymousAuthenticator(Fts.Accounts.Permissions.ReadOnly) });
        await server.WriteAsync("/sub/a", "x");
        await server.PlayAsync("""
            C: EPSV
            S: 229 *
            C: MLSD sub
            S: 150 *
            L< type=file;*;perm=r;* a
            S: 226 *
            C: MLST sub
            S: 250-*
            S:  type=dir;*;perm=el;* /sub
            S: 250 *
            """);
    }
}
