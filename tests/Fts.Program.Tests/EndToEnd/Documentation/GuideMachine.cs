using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Fts.ProgramTests.Support;

namespace Fts.ProgramTests.EndToEnd.Documentation;

/// <summary>
/// A directory that replaces a machine: it has the directories of a system, and scripts for the commands that a test may not run. Disposal
/// stops the service.
/// </summary>
internal sealed partial class GuideMachine : IAsyncDisposable
{
    /// <summary>The directories of the system, which are located below the directory of the test.</summary>
    private static readonly string[] Directories = ["etc", "opt", "srv", "usr/local/bin", "var/backups", "var/lib", "var/log"];

    private readonly TestFolder _root = new();
    private readonly RunningProgram _shell;
    private int _commands;

    private GuideMachine()
    {
        foreach (string directory in Directories.Concat(["root/artifacts/program", "run", "tools"]))
        {
            System.IO.Directory.CreateDirectory(_root[directory]);
        }

        // The checkout has the program that is tested.
        File.CreateSymbolicLink(_root["root/fts"], PublishedProgram.Path);
        System.IO.Directory.CreateSymbolicLink(
            _root["root/artifacts/program/current"], Path.GetDirectoryName(File.ResolveLinkTarget(PublishedProgram.Path, true)?.FullName
                ?? PublishedProgram.Path)!);
        foreach ((string name, string script) in GuideTools.Scripts)
        {
            _root.Write($"tools/{name}", script);
            File.SetUnixFileMode(_root[$"tools/{name}"], UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        _shell = RunningProgram.StartFile(
            "bash", _root["root"], ["--noprofile", "--norc"],
            ("PATH", $"{_root["usr/local/bin"]}:{_root["tools"]}:{Environment.GetEnvironmentVariable("PATH")}"),
            ("HOME", _root["root"]), ("GUIDE_ROOT", _root.Path), ("GUIDE_IP", "127.0.0.1"), ("FTS_STATE", null),
            ("XDG_CONFIG_HOME", _root["etc"]), ("XDG_STATE_HOME", _root["var/lib"]));
    }

    /// <summary>The port of the server.</summary>
    public int Port { get; } = FindFreePort();

    /// <summary>The port of the metrics.</summary>
    public int MetricsPort { get; } = FindFreePort();

    /// <summary>The installed program, a link that does not exist yet.</summary>
    public string ProgramLink => _root["usr/local/bin/fts"];

    public static GuideMachine Start() => new();

    /// <summary>Returns whether a file or directory of the replaced system exists.</summary>
    public bool Exists(string path) => Path.Exists(_root.Path + path);

    /// <summary>Returns the text of a file of the replaced system.</summary>
    public string Read(string path) => Hide(File.ReadAllText(_root.Path + path));

    /// <summary>Runs a command in the shell of the machine. Returns its exit code and its output, with the paths of the system.</summary>
    public async Task<(int Code, string Output)> RunAsync(string command)
    {
        int number = ++_commands;
        _root.Write("run/command", SystemPathPattern().Replace(command, $"{_root.Path}$0") + "\n");
        _shell.WriteInput($". '{_root["run/command"]}' >'{_root["run/output"]}' 2>&1 </dev/null; echo \"finished {number} $?.\"\n");
        string prefix = $"finished {number} ";
        await _shell.WaitUntilAsync(
            () => _shell.Data.Contains(prefix, StringComparison.Ordinal) && _shell.Data.EndsWith(".\n", StringComparison.Ordinal), command);
        string code = _shell.Data[(_shell.Data.LastIndexOf(prefix, StringComparison.Ordinal) + prefix.Length)..^2];
        return (int.Parse(code, CultureInfo.InvariantCulture), Hide(_root.Read("run/output")).TrimEnd('\n'));
    }

    public async ValueTask DisposeAsync()
    {
        await RunAsync("systemctl stop fts");
        await _shell.DisposeAsync();
        _root.Dispose();
    }

    private static int FindFreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private string Hide(string text) => text.Replace(_root.Path, "", StringComparison.Ordinal);

    [GeneratedRegex(@"(?<![\w./-])/(etc|opt|srv|usr/local/bin|var/backups|var/lib|var/log)(?![\w-])")]
    private static partial Regex SystemPathPattern();
}
