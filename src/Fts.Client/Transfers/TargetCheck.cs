namespace Fts.Client;

/// <summary>Says before a download what would fail at its end. Of many into one folder it is looked for once.</summary>
internal sealed class TargetCheck
{
    private string? _folder;

    /// <exception cref="IOException">The target is a folder, or its folder is missing.</exception>
    public void Check(string target)
    {
        if (Directory.Exists(target))
        {
            throw new IOException($"{target} is a folder.");
        }

        string folder = Path.GetDirectoryName(Path.GetFullPath(target))!;
        if (folder != _folder)
        {
            _folder = Directory.Exists(folder) ? folder : throw new DirectoryNotFoundException($"There is no folder {folder}.");
        }
    }
}
