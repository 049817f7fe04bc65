using Fts.Server.Tests.Support;

namespace Fts.Server.Tests.Commands;

/// <summary>CLNT, CSID and LANG.</summary>
public sealed class ClientInformationTests
{
    [Theory, OnEveryWire]
    public Task CLNT_CSID_and_LANG_are_accepted_and_preserve_REST(Wire wire) => TestServer.PlayAsync(wire, $"""
        C: CLNT some client 1.0
        S: 200 *
        C: CSID Name=some client; Version=1.0;
        S: 200 Name=fts; Version=*; OS=*; CaseSensitive={(OperatingSystem.IsLinux() ? 1 : 0)};
        C: CSID
        S: 200 Name=fts; *
        C: LANG
        S: 200 *
        C: LANG en
        S: 200 *
        C: LANG EN-US
        S: 200 *
        C: LANG fr
        S: 504 *
        C: LANG english
        S: 504 *
        C: REST 3
        S: 350 *
        C: CLNT again
        S: 200 *
        C: EPSV
        S: 229 *
        C: RETR a
        S: 150 *
        D< lo
        S: 226 *
        """, ("/a", "hello"));

    [Theory, OnEveryWire]
    public async Task Before_login_CLNT_is_accepted_and_CSID_is_rejected(Wire wire)
    {
        await using TestServer server = new(wire);
        await server.PlayFromGreetingAsync("""
            S: 220 *
            C: CLNT someone
            S: 200 *
            C: LANG EN
            S: 200 *
            C: CSID Name=someone;
            S: 530 *
            """);
    }
}
