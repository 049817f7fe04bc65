using Fts.Bench.Load;
using Fts.Bench.Scenarios;
using Fts.Bench.Servers;

namespace Fts.Bench.Clients;

/// <summary>
/// An empty directory for one run of a client, on the same tmpfs, and a home directory without settings. Deleted by <see cref="Dispose"/>.
/// </summary>
internal sealed class ClientDirectory : IDisposable
{
    private readonly Testbed _testbed;
    private readonly string _path, _home;

    public ClientDirectory(Testbed testbed)
    {
        _testbed = testbed;
        _path = Directory.CreateDirectory(testbed.Served.Path + "-client").FullName;
        _home = Directory.CreateDirectory(Path.Combine(testbed.Scratch, "home")).FullName;
    }

    public ClientCommands CreateCommands(ServerProcess server) =>
        new(server, _testbed.Servers.Address, _testbed.Program is null ? null : Path.GetFullPath(_testbed.Program), _home);

    public (double Seconds, double Processor) Run(ClientRun run) => run.Measure(_path, _home);

    /// <summary>Verifies that the directory tree contains this number of files, and that each has this length in bytes.</summary>
    /// <exception cref="MeasurementException">A file is missing, additional, or of another length.</exception>
    public void RequireFiles(int files, long length) => RequireFiles(_path, files, length);

    public static void RequireFiles(string path, int files, long length)
    {
        FileInfo[] found = [.. new DirectoryInfo(path).EnumerateFiles("*", SearchOption.AllDirectories)];
        if (found.Length != files || found.Any(file => file.Length != length))
        {
            throw new MeasurementException($"{found.Count(file => file.Length == length)} of {files} files are complete");
        }
    }

    public void Dispose() => Directory.Delete(_path, recursive: true);
}
