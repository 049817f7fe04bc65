namespace Fts.Protocol.Listings;

/// <summary>The facts that <see cref="ListingFormatter"/> writes in MLST and MLSD (RFC 3659 §7.5), in this order.</summary>
[Flags]
public enum MlsxFacts
{
    /// <summary>No facts.</summary>
    None = 0,
    /// <summary><c>type</c>: the kind of the entry.</summary>
    Type = 1,
    /// <summary><c>size</c>: the size of a file in bytes.</summary>
    Size = 2,
    /// <summary><c>modify</c>: the last-modified time in UTC.</summary>
    Modify = 4,
    /// <summary><c>perm</c>: the permissions of the logged-in user.</summary>
    Perm = 8,
    /// <summary><c>unique</c>: a value that is the same for all names of one file.</summary>
    Unique = 16,
    /// <summary><c>UNIX.mode</c>: the permission bits in octal.</summary>
    UnixMode = 32,
    /// <summary><c>X.sha256</c>: the SHA-256 hash of a file, if it is known without reading the file.</summary>
    Sha256 = 64,
    /// <summary>The facts that are selected unless OPTS MLST selects others: all except <see cref="Sha256"/>.</summary>
    Default = Type | Size | Modify | Perm | Unique | UnixMode,
}

/// <summary>Reads and writes lists of fact names, for FEAT and OPTS MLST.</summary>
public static class MlsxFactNames
{
    private static readonly (string Name, MlsxFacts Fact)[] Names =
    [
        ("type", MlsxFacts.Type), ("size", MlsxFacts.Size), ("modify", MlsxFacts.Modify),
        ("perm", MlsxFacts.Perm), ("unique", MlsxFacts.Unique), ("UNIX.mode", MlsxFacts.UnixMode),
        ("X.sha256", MlsxFacts.Sha256), // X. is the prefix of unregistered facts (RFC 3659 §7.5).
    ];

    /// <summary>Returns all facts, the selected ones marked with an asterisk, as in FEAT (RFC 3659 §7.8): <c>type*;size*;…</c></summary>
    /// <param name="selected">The selected facts.</param>
    public static string FormatForFeat(MlsxFacts selected) =>
        string.Concat(Names.Select(row => $"{row.Name}{(selected.HasFlag(row.Fact) ? "*" : "")};"));

    /// <summary>Returns the facts named in the argument of OPTS MLST. Unknown names are ignored, as RFC 3659 §7.9 requires.</summary>
    /// <param name="list">Names that are separated by semicolons.</param>
    public static MlsxFacts Parse(string list)
    {
        ArgumentNullException.ThrowIfNull(list);
        var facts = MlsxFacts.None;
        foreach (string name in list.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            facts |= Array.Find(Names, row => string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase)).Fact;
        }

        return facts;
    }

    /// <summary>Returns the names of the selected facts, as in the reply to OPTS MLST (RFC 3659 §7.9): <c>type;size;</c></summary>
    /// <param name="selected">The selected facts.</param>
    public static string FormatSelected(MlsxFacts selected) =>
        string.Concat(Names.Where(row => selected.HasFlag(row.Fact)).Select(row => row.Name + ";"));
}
