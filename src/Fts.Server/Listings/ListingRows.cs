using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Listings;

/// <summary>Converts entries of a store to rows of a listing, with the permissions of the session's account (RFC 3659 §7.5.5).</summary>
internal sealed class ListingRows(Session session)
{
    // The permission bits in a listing if the store reports none: rw-r--r-- for files, rwxr-xr-x for directories.
    private const UnixFileMode
        FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        DirectoryMode = FileMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly byte[] _filePermissions = GetPermissionLetters(session.Files!,
        (Permissions.Overwrite, (byte)'a'), (Permissions.Delete, (byte)'d'), (Permissions.Rename, (byte)'f'), (Permissions.Read, (byte)'r'),
        (Permissions.Overwrite, (byte)'w'));

    private readonly byte[] _directoryPermissions = GetPermissionLetters(session.Files!,
        (Permissions.Create, (byte)'c'), (Permissions.Delete, (byte)'d'), (Permissions.List, (byte)'e'), (Permissions.Rename, (byte)'f'),
        (Permissions.List, (byte)'l'), (Permissions.CreateDirectory, (byte)'m'), (Permissions.Delete, (byte)'p'));

    private readonly byte[] _otherPermissions = GetPermissionLetters(session.Files!,
        (Permissions.Delete, (byte)'d'), (Permissions.Rename, (byte)'f'));

    private readonly bool _includesHashes = session.Facts.HasFlag(MlsxFacts.Sha256) && session.Files!.HasPermission(Permissions.Read);

    /// <summary>
    /// Returns the cached SHA-256 of a file. Returns null if none is cached, if the client did not select the fact X.sha256, or if the
    /// account cannot read files.
    /// </summary>
    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, in FileEntry entry, CancellationToken cancellationToken) =>
        _includesHashes && entry.Kind == EntryKind.File ? session.Files!.GetCachedHashAsync(path, entry, cancellationToken) : default;

    /// <summary>Creates the row of an entry.</summary>
    public ListingRow Create(in FileEntry entry, byte[]? sha256 = null) => new()
    {
        Name = entry.Name,
        Kind = entry.Kind switch
        {
            EntryKind.File => FtpEntryKind.File,
            EntryKind.Directory => FtpEntryKind.Directory,
            // The target of a link is not reported, because it could disclose paths outside the store.
            _ => entry.IsLink ? FtpEntryKind.Link : FtpEntryKind.Other,
        },
        Length = entry.Length,
        LastModified = entry.LastModified,
        Mode = entry.UnixMode ?? (entry.Kind == EntryKind.Directory ? DirectoryMode : FileMode),
        Permissions = entry.Kind switch
        {
            EntryKind.File => _filePermissions,
            EntryKind.Directory => _directoryPermissions,
            _ => _otherPermissions,
        },
        Id = entry.Id,
        Sha256 = sha256,
    };

    private static byte[] GetPermissionLetters(UserFiles files, params ReadOnlySpan<(Permissions Permission, byte Letter)> letters)
    {
        var allowed = new List<byte>(letters.Length);
        foreach ((Permissions permission, byte letter) in letters)
        {
            if (files.HasPermission(permission))
            {
                allowed.Add(letter);
            }
        }

        return [.. allowed];
    }
}
