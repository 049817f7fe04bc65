namespace Fts.Interop.Tests.Processes;

/// <summary>A folder of a test's own, removed with everything in it when the test ends.</summary>
internal sealed class TempFolder : IDisposable, IAsyncDisposable
{
    public TempFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "fts-interop-" + Guid.NewGuid().ToString("n"));

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string CreateFolder(string name) => Directory.CreateDirectory(this[name]).FullName;

    /// <summary>A folder below this one that any user may write to: peers that are started by root serve it as somebody with fewer rights.</summary>
    public string CreateWritableFolder(string name)
    {
        string folder = CreateFolder(name);
        File.SetUnixFileMode(Path, (UnixFileMode)0b111_101_101);
        File.SetUnixFileMode(folder, (UnixFileMode)0b111_111_111);
        return folder;
    }

    public string Write(string name, string text)
    {
        File.WriteAllText(this[name], text);
        return this[name];
    }

    public void Dispose() => Directory.Delete(Path, recursive: true);

    public ValueTask DisposeAsync()
    {
        Dispose();
        return default;
    }
}
