using Fts.Accounts;
using Fts.Storage;

namespace Fts.Server.Listings;

/// <summary>The values of the fact <c>perm</c> for the permissions on an entry (RFC 3659 §7.5.5).</summary>
internal sealed class PermissionFacts
{
    /// <summary>The values for all combinations of permissions, created on first use. Two threads may create equal values.</summary>
    private static readonly PermissionFacts?[] s_cache = new PermissionFacts?[(int)Permissions.ReadWrite + 1];

    private readonly byte[] _file, _directory, _other;

    private PermissionFacts(Permissions permissions)
    {
        CanRead = permissions.HasFlag(Permissions.Read);
        _file = GetLetters(
            permissions,
            (Permissions.Append, (byte)'a'), (Permissions.Delete, (byte)'d'), (Permissions.Rename, (byte)'f'),
            (Permissions.Read, (byte)'r'), (Permissions.Overwrite, (byte)'w'));
        // CWD needs any permission ('e'). A directory without any permission is listed only if a rule below it grants one.
        _directory = GetLetters(
            permissions,
            (Permissions.Create, (byte)'c'), (Permissions.Delete, (byte)'d'), (Permissions.None, (byte)'e'),
            (Permissions.Rename, (byte)'f'), (Permissions.List, (byte)'l'), (Permissions.CreateDirectory, (byte)'m'),
            (Permissions.Delete, (byte)'p'));
        _other = GetLetters(permissions, (Permissions.Delete, (byte)'d'), (Permissions.Rename, (byte)'f'));
    }

    /// <summary>Whether the permissions include reading.</summary>
    public bool CanRead { get; }

    /// <summary>Returns the values for permissions.</summary>
    public static PermissionFacts For(Permissions permissions) => s_cache[(int)permissions] ??= new PermissionFacts(permissions);

    /// <summary>Returns the value for a kind of entry.</summary>
    public byte[] Get(EntryKind kind) => kind switch
    {
        EntryKind.File => _file,
        EntryKind.Directory => _directory,
        _ => _other,
    };

    private static byte[] GetLetters(Permissions permissions, params ReadOnlySpan<(Permissions Permission, byte Letter)> letters)
    {
        var allowed = new List<byte>(letters.Length);
        foreach ((Permissions permission, byte letter) in letters)
        {
            if (permissions.HasFlag(permission))
            {
                allowed.Add(letter);
            }
        }

        return [.. allowed];
    }
}
