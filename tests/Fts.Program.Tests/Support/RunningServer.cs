using System.Globalization;
using System.Text.RegularExpressions;

namespace Fts.ProgramTests.Support;

/// <summary>Runs <c>fts server</c> on a free loopback port. It owns its folder, unless the test provides one.</summary>
internal sealed partial class RunningServer : IAsyncDisposable
{
    private readonly bool _ownsFolder;

    private RunningServer(RunningProgram program, TestFolder folder, bool ownsFolder, int port) =>
        (Program, Folder, _ownsFolder, Port) = (program, folder, ownsFolder, port);

    public RunningProgram Program { get; }

    public TestFolder Folder { get; }

    public int Port { get; }

    public string PortText => Port.ToString(CultureInfo.InvariantCulture);

    public static Task<RunningServer> StartAsync(string debug = "0", params string[] options) =>
        StartAsync(new TestFolder(), ownsFolder: true, [], [debug, .. options], []);

    /// <summary>Starts the server on a folder of the test. A wrapper command can limit its resources or rights.</summary>
    public static Task<RunningServer> StartOnFolderAsync(
        TestFolder folder, string[] wrapperCommand, string[] options, params (string Name, string? Value)[] environment) =>
        StartAsync(folder, ownsFolder: false, wrapperCommand, ["0", .. options], environment);

    /// <summary>Starts the server with options and environment variables.</summary>
    public static Task<RunningServer> StartAsync(string[] options, params (string Name, string? Value)[] environment) =>
        StartAsync(new TestFolder(), ownsFolder: true, [], options, environment);

    /// <summary>Runs <c>fts client</c> against the server, with lines from a pipe.</summary>
    public Task<(int Code, string Data, string Messages)> RunClientAsync(TestFolder folder, params string[] lines) =>
        RunningProgram.RunAsync(folder.Path, ["client", "127.0.0.1", PortText], string.Concat(lines.Select(line => line + "\n")));

    public async ValueTask DisposeAsync()
    {
        await Program.DisposeAsync();
        if (_ownsFolder)
        {
            Folder.Dispose();
        }
    }

    private static async Task<RunningServer> StartAsync(
        TestFolder folder, bool ownsFolder, string[] wrapperCommand, string[] arguments, (string Name, string? Value)[] environment)
    {
        string[] command = [.. wrapperCommand, PublishedProgram.Path, "server", "127.0.0.1", "0", .. arguments];
        RunningProgram program = RunningProgram.StartFile(command[0], folder.Path, command[1..], environment);
        try
        {
            await program.WaitForOutputAsync("stop      Ctrl-C");
        }
        catch
        {
            await program.DisposeAsync();
            throw;
        }

        return new RunningServer(
            program, folder, ownsFolder, int.Parse(AddressPattern().Match(program.Messages).Groups[1].Value, CultureInfo.InvariantCulture));
    }

    [GeneratedRegex(@"fts server on 127\.0\.0\.1:(\d+)")]
    private static partial Regex AddressPattern();
}
