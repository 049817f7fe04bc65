namespace Fts.Interop.Tests.Processes;

/// <summary>A temporary folder of one test. Disposal deletes it with its contents.</summary>
internal sealed class TempFolder : IDisposable, IAsyncDisposable
{
    public TempFolder() => Directory.CreateDirectory(Path);

    public string Path { get; } = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "fts-interop-" + Guid.NewGuid().ToString("n"));

    public string this[string name] => System.IO.Path.Combine(Path, name);

    public string CreateFolder(string name) => Directory.CreateDirectory(this[name]).FullName;

    /// <summary>Creates a subfolder that every user may write to, because peers started by root run as an unprivileged user.</summary>
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
