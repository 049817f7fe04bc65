using Fts.Interop.Tests.Peers;
using Fts.Interop.Tests.Processes;
using Fts.ProgramTests.Support;

namespace Fts.Interop.Tests.AccountInterop;

/// <summary>Our program with one account, whose password is "secret". Other clients log in to it.</summary>
internal sealed class AccountServer : IAsyncDisposable
{
    public const string User = "ann", Password = "secret";

    private readonly TempFolder _files;
    private readonly RunningServer _server;

    private AccountServer(TempFolder files, RunningServer server) => (_files, _server) = (files, server);

    /// <summary>The home directory of the account.</summary>
    public string Home => GetHome(_files);

    public string PortText => _server.PortText;

    public string Url => $"ftp://127.0.0.1:{_server.PortText}";

    /// <summary>The working directory of the client, which the server does not serve.</summary>
    public TempFolder Local { get; } = new();

    /// <summary>Starts the server with permission letters for the whole home directory.</summary>
    public static Task<AccountServer> StartWithRulesAsync(string letters) => StartAsync(_ => $$"""
        "rules": { "/": "{{letters}}" }
        """);

    /// <summary>Starts the server.</summary>
    /// <param name="getSettings">
    /// Returns the settings of the account as in the file of <c>fts user apply</c>. Its argument is a directory for further files of the
    /// server.
    /// </param>
    public static async Task<AccountServer> StartAsync(Func<TempFolder, string> getSettings)
    {
        var files = new TempFolder();
        string home = files.CreateFolder("homes/ann");
        string accounts = files.Write("accounts.json", $$"""
            { "accounts": { "{{User}}": { "passwordHash": "{{Peer.SecretHash}}", "home": "{{home}}", {{getSettings(files)}} } } }
            """);
        string state = files["state"];
        (int code, _, string messages) = await RunningProgram.RunAsync(files.Path, ["user", "apply", accounts, "--state", state]);
        Assert.True(code == 0, messages);
        return new AccountServer(files, await RunningServer.StartAsync(["0", "--state", state]));
    }

    /// <summary>Returns the content of a file in the home directory, or null if the file does not exist.</summary>
    public string? Read(string name) => ReadFile(Path.Combine(Home, name));

    public void Write(string name, string text)
    {
        string path = Path.Combine(Home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.WriteAllText(path, text);
    }

    /// <summary>Returns the content of a file of <see cref="StartAsync"/>'s further files, or null if it does not exist.</summary>
    public string? ReadOther(string name) => ReadFile(_files[name]);

    public async ValueTask DisposeAsync()
    {
        TestContext.Current.TestOutputHelper?.WriteLine(_server.Program.Messages);
        await _server.DisposeAsync();
        Local.Dispose();
        _files.Dispose();
    }

    private static string GetHome(TempFolder files) => files["homes/ann"];

    private static string? ReadFile(string path) => File.Exists(path) ? File.ReadAllText(path) : null;
}
