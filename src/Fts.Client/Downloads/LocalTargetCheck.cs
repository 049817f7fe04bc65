using Fts.Protocol;

namespace Fts.Client.Downloads;

/// <summary>Checks before a download that its target can be created. Checks a directory only once for consecutive targets in it.</summary>
/// <param name="sweep">Deletes the hidden files of killed processes in each directory; null to keep these files.</param>
internal sealed class LocalTargetCheck(LeftoverSweep? sweep = null)
{
    private string? _directory;
    private bool _hasDirectory, _wasEmpty;

    /// <summary>
    /// Returns false if the target and its partial file cannot exist, because their directory was empty at the start of the batch. The
    /// caller then saves two system calls for every file.
    /// </summary>
    /// <param name="target">A full path.</param>
    public bool CanExist(string target)
    {
        CheckDirectory(target);
        return !_wasEmpty;
    }

    /// <summary>
    /// Checks that the target can be created or replaced. Returns the mode of an existing target, which the downloaded file keeps. Returns
    /// null if the target does not exist, or on Windows.
    /// </summary>
    /// <param name="target">A full path.</param>
    /// <exception cref="IOException">The target is a directory, or its directory is missing.</exception>
    public UnixFileMode? ValidateTarget(string target)
    {
        CheckDirectory(target);
        if (!_hasDirectory)
        {
            throw new DirectoryNotFoundException($"The folder {_directory?.ToPrintable()} does not exist.");
        }

        if (_wasEmpty)
        {
            return null;
        }

        // One FileInfo for both the kind and the mode saves a system call for every file of a batch. Attributes is -1 if the target does
        // not exist.
        var file = new FileInfo(target);
        return (int)file.Attributes != -1 && file.Attributes.HasFlag(FileAttributes.Directory)
            ? throw new IOException($"{target.ToPrintable()} is a folder.")
            : FileModes.GetMode(file);
    }

    /// <summary>Checks the directory of the target, unless the previous target is in the same directory.</summary>
    private void CheckDirectory(string target)
    {
        ReadOnlySpan<char> directory = Path.GetDirectoryName(target.AsSpan());
        if (!directory.SequenceEqual(_directory))
        {
            _directory = directory.ToString();
            _hasDirectory = Directory.Exists(_directory);
            _wasEmpty = _hasDirectory && sweep?.SweepOnce(_directory) == true;
        }
    }
}
