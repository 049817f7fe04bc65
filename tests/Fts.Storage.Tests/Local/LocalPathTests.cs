using Fts.Storage.Local;

namespace Fts.Storage.Tests.Local;

public sealed class LocalPathTests : IDisposable
{
    private readonly string _folder = LocalPath.ResolveLinks(Directory.CreateTempSubdirectory("fts-path-").FullName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Links_are_resolved_also_above_entries_that_do_not_exist()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "real/sub"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "relative"), "real/sub");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "absolute"), Path.Combine(_folder, "relative"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "loop"), "loop");
        Assert.Equal(Path.Combine(_folder, "real/sub/none/x"), LocalPath.ResolveLinks(Path.Combine(_folder, "absolute/none/x")));
        Assert.Equal(Path.Combine(_folder, "real"), LocalPath.ResolveLinks(Path.Combine(_folder, "real/")));
        Assert.Equal(Path.Combine(_folder, "loop"), LocalPath.ResolveLinks(Path.Combine(_folder, "loop")));
        Assert.Equal("/", LocalPath.ResolveLinks("/"));
        Assert.Throws<ArgumentException>(() => LocalPath.ResolveLinks(""));
    }
}
