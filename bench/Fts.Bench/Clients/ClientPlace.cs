using Fts.Bench.Load;
using Fts.Bench.Scenarios;
using Fts.Bench.Servers;

namespace Fts.Bench.Clients;

/// <summary>An empty folder for one run of a client, on the same tmpfs, and a home without settings. The folder goes with it.</summary>
internal sealed class ClientPlace : IDisposable
{
    private readonly Site _site;
    private readonly string _folder, _home;

    public ClientPlace(Site site)
    {
        _site = site;
        _folder = Directory.CreateDirectory(site.Folder.Path + "-client").FullName;
        _home = Directory.CreateDirectory(Path.Combine(site.Scratch, "home")).FullName;
    }

    public ClientCommands Of(ServerProcess server) => new(server, _site.Servers.Address, _site.Program is null ? null : Path.GetFullPath(_site.Program), _home);

    public (double Seconds, double Processor) Run(ClientRun run) => run.Measure(_folder, _home);

    /// <exception cref="LoadException">Not so many files of that length are here.</exception>
    public void Demand(int files, long length) => Demand(_folder, files, length);

    public static void Demand(string folder, int files, long length)
    {
        FileInfo[] found = [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)];
        if (found.Length != files || found.Any(file => file.Length != length))
        {
            throw new LoadException($"{found.Count(file => file.Length == length)} whole files came of {files}");
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
