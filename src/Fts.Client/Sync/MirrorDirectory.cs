namespace Fts.Client.Sync;

/// <summary>A directory of a mirror: its local path and its path on the server.</summary>
/// <param name="local">The local path.</param>
/// <param name="remote">The path on the server.</param>
/// <param name="isInTarget">Whether the target has the directory already.</param>
/// <param name="uniqueId">The unique identifier of the directory on the server; null if the server does not report one.</param>
/// <param name="parent">The parent directory; null for the root of the tree.</param>
internal sealed class MirrorDirectory(string local, string remote, bool isInTarget, string? uniqueId, MirrorDirectory? parent)
{
    /// <summary>The local path.</summary>
    public string Local => local;

    /// <summary>The path on the server.</summary>
    public string Remote => remote;

    /// <summary>Whether the target has the directory already.</summary>
    public bool IsInTarget => isInTarget;

    /// <summary>Whether this is the root of the tree.</summary>
    public bool IsRoot => parent is null;

    /// <summary>The number of levels below the root of the tree.</summary>
    public int Depth { get; } = parent is null ? 0 : parent.Depth + 1;

    /// <summary>
    /// The names in a listing from NLST; empty before the listing, for a listing from another command, and if SIZE or MDTM supplied the
    /// metadata of an entry.
    /// </summary>
    public IReadOnlyList<string> NlstNames { get; set; } = [];

    private string? UniqueId => uniqueId;

    private MirrorDirectory? Parent => parent;

    /// <summary>
    /// Returns whether an ancestor has the same name and the same listing. This detects a link to an ancestor on a server that supports
    /// only NLST and not PWD.
    /// </summary>
    public bool IsRepeatOfAncestor()
    {
        bool isComparable = NlstNames.Count > 0 && uniqueId is null;
        for (MirrorDirectory? ancestor = parent; ancestor is not null && isComparable; ancestor = ancestor.Parent)
        {
            if (RemotePath.GetName(ancestor.Remote) == RemotePath.GetName(remote) && ancestor.NlstNames.SequenceEqual(NlstNames))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>
    /// Returns whether this directory or an ancestor has the given unique identifier. Some servers list a link with the metadata of its
    /// target, so a link to an ancestor would cause endless recursion.
    /// </summary>
    public bool IsSelfOrAncestor(string? id)
    {
        for (MirrorDirectory? directory = this; directory is not null && id is not null; directory = directory.Parent)
        {
            if (directory.UniqueId == id)
            {
                return true;
            }
        }

        return false;
    }
}
