using Fts.Server.Tests.Support;
using Fts.Storage.Memory;

namespace Fts.Server.Tests.Commands;

/// <summary>SYST, HELP, FEAT, OPTS, STAT, NOOP and SITE.</summary>
public sealed class InformationTests
{
    [Theory, OnEveryWire]
    public async Task Replies_before_login(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: SYST
            S: 215 UNIX Type: L8
            C: NOOP
            S: 200 *
            C: FEAT
            S: 211-*
            S: ...
            S:  TVFS
            S: ...
            S: 211 *
            C: OPTS UTF8 ON
            S: 200 *
            C: HELP RETR
            S: 214 RETR <file>
            C: STAT
            S: 211-*
            S: ...
            S:  Not logged in
            S: ...
            S: 211 *
            C: STAT /
            S: 530 *
            C: ABOR
            S: 226 *
            """);
    }

    [Theory, OnEveryWire]
    public Task OPTS_accepts_UTF8_ON_and_rejects_unknown_options(Wire wire) => TestServer.PlayAsync(wire, """
        C: OPTS UTF8
        S: 200 *
        C: opts utf-8 on
        S: 200 *
        C: OPTS UTF8 OFF
        S: 501 *
        C: OPTS UTF8 maybe
        S: 501 *
        C: OPTS RETR x
        S: 501 *
        C: OPTS nonsense
        S: 501 *
        """);

    [Theory, OnEveryWire]
    public Task HELP_supports_SITE_and_rejects_unknown_commands(Wire wire) => TestServer.PlayAsync(wire, """
        C: HELP SITE
        S: 214-The following SITE commands are recognized:
        S: ...
        S:  SITE HELP
        S: ...
        S: 214 *
        C: SITE HELP
        S: 214-The following SITE commands are recognized:
        S: ...
        S:  SITE HELP
        S: ...
        S: 214 *
        C: site help
        S: 214-The following SITE commands are recognized:
        S: ...
        S: 214 *
        C: HELP nonsense
        S: 502 *
        C: HELP SITE nonsense
        S: 502 *
        C: SITE nonsense
        S: 500 *
        C: SITE
        S: 500 *
        """);

    [Theory, OnEveryWire]
    public Task STAT_returns_the_state_of_the_session(Wire wire) => TestServer.PlayAsync(wire, $"""
        C: STAT
        S: 211-Status:
        S:  Connected from {(wire.IsIPv4() ? "127.0.0.1" : "::1")}
        S:  Logged in as anonymous
        S:  Control connection {(wire.Tls() is null ? "not encrypted, data connections not encrypted" : "encrypted, data connections encrypted")}
        S:  Type image, mode stream, structure file
        S:  No transfer in progress
        S: 211 End.
        """);

    [Theory, OnEveryWire]
    public Task STAT_with_a_path_lists_over_the_control_connection(Wire wire) => TestServer.PlayAsync(wire, """
        C: STAT sub
        S: 213-*
        S:  -rw-r--r-- 1 ftp ftp            5 * 213 End.
        S: 213 End.
        C: STAT sub/213 End.
        S: 213-*
        S:  -rw-r--r-- * 213 End.
        S: 213 End.
        C: STAT -la sub
        S: 213-*
        S:  * 213 End.
        S: 213 End.
        C: STAT *u*
        S: 213-*
        S:  d* sub
        S: 213 *
        C: STAT missing
        S: 550 *
        C: CWD empty
        S: 250 *
        C: STAT -a
        S: 213-*
        S: 213 *
        """, ("/sub/213 End.", "12345"), ("/empty/", ""));

    [Theory, OnEveryWire]
    public async Task Every_listed_feature_works(Wire wire)
    {
        await using TestServer server = await TestServer.WithAsync(wire, ("/ä", "hello"));
        await using Conversation client = await server.LogInAsync();
        string[] features = (await client.SendAndReadReplyAsync("FEAT"))[1..^1];
        foreach (string line in features)
        {
            string feature = line.Trim().Split(' ')[0];
            await client.PlayAsync(feature switch
            {
                "TVFS" => "C: CWD /./\nS: 250 *",
                "EPSV" => "C: EPSV\nS: 229 *",
                "EPRT" => "C: EPRT {EPRT}\nS: 200 *",
                "REST" => "C: REST 4\nS: 350 *\nC: EPSV\nS: 229 *\nC: RETR ä\nS: 150 *\nD< o\nS: 226 *",
                "MLST" => "C: MLST ä\nS: 250-*\nS: ...\nS: 250 *",
                "SIZE" => "C: SIZE ä\nS: 213 5",
                "MDTM" => "C: MDTM ä\nS: 213 *",
                "MFMT" => "C: MFMT 20200101000000 ä\nS: 213 *",
                "MFF" => "C: MFF Modify=20200101000000;UNIX.mode=0640; ä\nS: 213 Modify=20200101000000;UNIX.mode=0640; ä",
                "RMDA" => "C: MKD gone\nS: 257 *\nC: RMDA gone\nS: 250 *",
                "DSIZ" => "C: DSIZ\nS: 213 5",
                "AVBL" => $"C: AVBL\nS: {(server.Store is MemoryFileStore ? 550 : 213)} *",
                "COMB" => "C: COMB \"ä\" \"ä\"\nS: 250 *",
                "ALLO" => "C: ALLO 2\nS: 200 *\nC: EPSV\nS: 229 *\nC: STOR cut\nS: 150 *\nD> x\nS: 451 *",
                "SITE" => "C: SITE CPFR ä\nS: 350 *\nC: SITE CPTO copy\nS: 250 *\nC: DELE copy\nS: 250 *",
                "CLNT" => "C: CLNT someone\nS: 200 *",
                "CSID" => "C: CSID Name=someone;\nS: 200 Name=fts; *",
                "LANG" => "C: LANG en\nS: 200 *",
                "RANG" => "C: RANG 1 3\nS: 350 *\nC: EPSV\nS: 229 *\nC: RETR ä\nS: 150 *\nD< ell\nS: 226 *",
                "MODE" when line.StartsWith(" MODE B", StringComparison.Ordinal) =>
                    "C: MODE B\nS: 200 *\nC: OPTS MODE B DRAIN ON\nS: 200 *\nC: EPSV\nS: 229 *\nC: RETR ä\nS: 150 *\nB< hello\nS: 250 *\nC: STOR missing/x\nB> x\nS: 550 *\nC: MODE S\nS: 200 *",
                "MODE" => "C: MODE Z\nS: 200 *\nC: EPSV\nS: 229 *\nC: RETR ä\nS: 150 *\nZ< hello\nS: 226 *\nC: MODE S\nS: 200 *",
                "HASH" => "C: HASH ä\nS: 213 SHA-256 0-4 * ä",
                ['X', ..] => $"C: {feature} ä\nS: 250 *",
                "UTF8" => "C: OPTS UTF8 ON\nS: 200 *",
                "HOST" => "C: HOST this.example\nS: 503 *", // already logged in
                "AUTH" => "C: AUTH TLS\nS: 503 *", // already encrypted
                "PBSZ" => "C: PBSZ 0\nS: 200 PBSZ=0",
                "PROT" => "C: PROT P\nS: 200 *",
                _ => throw new NotSupportedException($"{feature} has no proof here."),
            });
        }
    }
}
