namespace Fts.Client.Downloads;

/// <summary>
/// Checks before a download that its target can be created. Checks a directory only once for consecutive targets in it, and then sweeps it.
/// </summary>
/// <param name="sweep">Deletes the leftovers of killed processes.</param>
internal sealed class LocalTargetCheck(LeftoverSweep? sweep = null)
{
    private string? _checkedDirectory;

    /// <summary>
    /// Returns the mode of the existing target, which the downloaded file keeps; null if the target does not exist, or on Windows.
    /// </summary>
    /// <exception cref="IOException">The target is a directory, or its directory is missing.</exception>
    public UnixFileMode? Check(string target)
    {
        // One FileInfo for both the kind and the mode saves a system call for every file of a batch.
        var file = new FileInfo(target);
        if ((int)file.Attributes != -1 && file.Attributes.HasFlag(FileAttributes.Directory))
        {
            throw new IOException($"{target} is a folder.");
        }

        string directory = Path.GetDirectoryName(Path.GetFullPath(target))!;
        if (directory != _checkedDirectory)
        {
            _checkedDirectory = Directory.Exists(directory)
                ? directory
                : throw new DirectoryNotFoundException($"The folder {directory} does not exist.");
            sweep?.Sweep(directory);
        }

        return FileModes.GetMode(file);
    }
}
