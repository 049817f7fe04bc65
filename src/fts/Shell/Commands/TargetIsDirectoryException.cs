namespace Fts.Shell.Commands;

/// <summary>Thrown if a file cannot be uploaded because its remote name is a folder.</summary>
internal sealed class TargetIsDirectoryException(string localPath, string name)
    : Exception($"put {localPath}: {name} is a folder on the server")
{
    /// <summary>The remote name, which is the name of a folder.</summary>
    public string Name => name;
}
