using System.Globalization;
using System.Text.RegularExpressions;

namespace Fts.ProgramTests.Running;

/// <summary><c>fts server</c> on a free loopback port, with a folder of its own.</summary>
internal sealed partial class RunningServer : IAsyncDisposable
{
    private RunningServer(RunningProgram program, TestFolder folder, int port) => (Program, Folder, Port) = (program, folder, port);

    public RunningProgram Program { get; }

    public TestFolder Folder { get; }

    public int Port { get; }

    public string PortText => Port.ToString(CultureInfo.InvariantCulture);

    public static Task<RunningServer> StartAsync(string debug = "0", params string[] options) => StartAsync([debug, .. options]);

    /// <summary>Starts it with settings of its own.</summary>
    public static async Task<RunningServer> StartAsync(string[] options, params (string Name, string? Value)[] environment)
    {
        var folder = new TestFolder();
        RunningProgram program = RunningProgram.Start(folder.Path, ["server", "127.0.0.1", "0", .. options], environment);
        await program.SeesAsync("stop      Ctrl-C");
        return new RunningServer(program, folder, int.Parse(Address().Match(program.Messages).Groups[1].Value, CultureInfo.InvariantCulture));
    }

    /// <summary>Runs <c>fts client</c> against it with these lines from a pipe.</summary>
    public Task<(int Code, string Data, string Messages)> ClientAsync(TestFolder folder, params string[] lines) =>
        RunningProgram.RunAsync(folder.Path, ["client", "127.0.0.1", PortText], string.Concat(lines.Select(line => line + "\n")));

    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        Folder.Dispose();
    }

    [GeneratedRegex(@"fts server on 127\.0\.0\.1:(\d+)")]
    private static partial Regex Address();
}
