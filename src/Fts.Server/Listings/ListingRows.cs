using Fts.Accounts;
using Fts.Protocol;
using Fts.Protocol.Listings;
using Fts.Server.Sessions;
using Fts.Storage;

namespace Fts.Server.Listings;

/// <summary>Converts entries of a store to rows of a listing, with the permissions of the session's account (RFC 3659 §7.5.5).</summary>
internal sealed class ListingRows
{
    // The permission bits in a listing if the store reports none: rw-r--r-- for files, rwxr-xr-x for directories.
    private const UnixFileMode
        FileMode = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead,
        DirectoryMode = FileMode | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly UserFiles _files;
    private readonly PermissionFacts _permissions;
    private readonly bool _includesHashes;

    /// <summary>The permissions on the entries to which path rules of their own apply, or null if there are none.</summary>
    private readonly Dictionary<string, PermissionFacts>? _permissionsByName;

    private ListingRows(
        Session session, Permissions permissions, IReadOnlyCollection<PermissionRule> entryRules, IEqualityComparer<string>? names = null)
    {
        (_files, _permissions) = (session.Files!, PermissionFacts.For(permissions));
        _includesHashes = session.Facts.HasFlag(MlsxFacts.Sha256);
        _permissionsByName = entryRules.Count == 0
            ? null
            : entryRules.ToDictionary(rule => rule.Path.Name, rule => PermissionFacts.For(rule.Permissions), names);
    }

    /// <summary>Creates rows of the entries of a directory.</summary>
    public static ListingRows ForDirectory(Session session, StorePath directory)
    {
        PermissionRules rules = session.Files!.Rules;
        return new ListingRows(session, rules.GetPermissions(directory), rules.GetEntryRules(directory), rules.GetNameComparer(directory));
    }

    /// <summary>Creates the row of one entry.</summary>
    public static ListingRows ForEntry(Session session, StorePath path) =>
        new(session, session.Files!.Rules.GetPermissions(path), []);

    /// <summary>Creates rows in the format of <c>ls -l</c>, which contains no permissions of the account.</summary>
    public static ListingRows WithoutPermissions(Session session) => new(session, Permissions.None, []);

    /// <summary>
    /// Returns the cached SHA-256 of a file. Returns null if none is cached, if the client did not select the fact X.sha256, or if the
    /// account cannot read the file.
    /// </summary>
    public ValueTask<byte[]?> GetCachedHashAsync(StorePath path, in FileEntry entry, CancellationToken cancellationToken) =>
        _includesHashes && entry.Kind == EntryKind.File && GetPermissions(entry.Name).CanRead
            ? _files.GetCachedHashAsync(path, entry, cancellationToken)
            : default;

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
        Permissions = GetPermissions(entry.Name).Get(entry.Kind),
        Id = entry.Id,
        Sha256 = sha256,
    };

    private PermissionFacts GetPermissions(string name) =>
        _permissionsByName is not null && _permissionsByName.TryGetValue(name, out PermissionFacts? own) ? own : _permissions;
}
