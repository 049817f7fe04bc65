namespace Fts.Protocol.Listings;

/// <summary>The facts this server tells in MLST and MLSD (RFC 3659 §7.5), in the order it tells them.</summary>
[Flags]
internal enum MlsxFacts
{
    None = 0,
    Type = 1,
    Size = 2,
    Modify = 4,
    Perm = 8,
    Unique = 16,
    UnixMode = 32,
    /// <summary>Of a file whose hash the store remembers; none is computed for a listing. For who asks (OPTS MLST).</summary>
    Sha256 = 64,
    /// <summary>What is told unasked.</summary>
    Default = Type | Size | Modify | Perm | Unique | UnixMode,
}

/// <summary>The facts' names, for FEAT and OPTS MLST.</summary>
internal static class MlsxFactNames
{
    private static readonly (string Name, MlsxFacts Fact)[] Names =
    [
        ("type", MlsxFacts.Type), ("size", MlsxFacts.Size), ("modify", MlsxFacts.Modify),
        ("perm", MlsxFacts.Perm), ("unique", MlsxFacts.Unique), ("UNIX.mode", MlsxFacts.UnixMode),
        ("X.sha256", MlsxFacts.Sha256), // the X. is for facts that no registry knows (RFC 3659 §7.2)
    ];

    /// <summary>Every fact, those selected marked with an asterisk (RFC 3659 §7.8): <c>type*;size*;…</c></summary>
    public static string FormatForFeat(MlsxFacts selected) =>
        string.Concat(Names.Select(row => $"{row.Name}{(selected.HasFlag(row.Fact) ? "*" : "")};"));

    /// <summary>The facts named in OPTS MLST that there are; unknown ones are passed over, as RFC 3659 §7.9 asks.</summary>
    public static MlsxFacts Parse(string list)
    {
        var facts = MlsxFacts.None;
        foreach (string name in list.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            facts |= Array.Find(Names, row => string.Equals(row.Name, name, StringComparison.OrdinalIgnoreCase)).Fact;
        }

        return facts;
    }

    /// <summary>The selected facts by name: <c>type;size;</c></summary>
    public static string FormatSelected(MlsxFacts facts) => string.Concat(Names.Where(row => facts.HasFlag(row.Fact)).Select(row => row.Name + ";"));
}
