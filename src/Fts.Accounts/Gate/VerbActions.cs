using System.Collections.Frozen;

namespace Fts.Accounts.Gate;

/// <summary>The existence of the path that a verb creates or changes.</summary>
public enum PathCondition
{
    /// <summary>The existence does not matter.</summary>
    Any,
    /// <summary>The path does not exist.</summary>
    IsNew,
    /// <summary>The path exists.</summary>
    Exists,
}

/// <summary>The uses of paths by one FTP verb, in the order in which they are checked.</summary>
/// <param name="OnPath">The uses of the path, or of the source if the verb has two paths.</param>
/// <param name="OnNew">The use of the created path if it does not exist. Null if the verb creates nothing.</param>
/// <param name="OnExisting">The use of the created path if it exists. Null if the verb creates nothing.</param>
/// <param name="HasTwoPaths">Whether the verb has a source and a target. <c>OnNew</c> and <c>OnExisting</c> apply to the target.</param>
internal sealed record VerbActions(
    FileAction[] OnPath, FileAction? OnNew = null, FileAction? OnExisting = null, bool HasTwoPaths = false)
{
    private static readonly FrozenDictionary<string, VerbActions> s_byVerb = CreateTable();

    /// <summary>Returns the uses of paths by a verb such as <c>STOR</c> or <c>SITE COPY</c>, or null if the verb uses no path.</summary>
    public static VerbActions? Find(string verb) => s_byVerb.GetValueOrDefault(verb);

    private static FrozenDictionary<string, VerbActions> CreateTable()
    {
        var table = new Dictionary<string, VerbActions>(StringComparer.OrdinalIgnoreCase);
        Add(new([FileAction.Enter]), "CWD", "XCWD", "CDUP", "XCUP");
        Add(new([FileAction.List]), "LIST", "NLST", "MLSD", "MLST", "STAT", "MDTM", "DSIZ", "AVBL");
        Add(new([FileAction.GetSize]), "SIZE");
        Add(new([FileAction.Read]), "RETR", "SITE CPFR", "HASH", "XCRC", "XMD5", "XSHA", "XSHA1", "XSHA256", "XSHA512");
        Add(new([], FileAction.Create, FileAction.Overwrite), "STOR");
        Add(new([], FileAction.Create, FileAction.Append), "APPE");
        Add(new([FileAction.Create]), "STOU");
        Add(new([FileAction.CreateDirectory]), "MKD", "XMKD");
        Add(new([FileAction.Delete]), "DELE", "RMD", "XRMD");
        Add(new([FileAction.DeleteTree]), "RMDA");
        Add(new([FileAction.Rename]), "RNFR");
        Add(new([FileAction.Rename], FileAction.RenameTo, FileAction.RenameOver, HasTwoPaths: true), "RNTO");
        Add(new([FileAction.SetMetadata]), "MFMT", "MFF", "SITE UTIME", "SITE CHMOD");
        Add(new([FileAction.Read], FileAction.Create, FileAction.Overwrite, HasTwoPaths: true), "SITE COPY", "SITE CPTO");
        Add(new([FileAction.Read, FileAction.Delete], FileAction.Create, FileAction.Append, HasTwoPaths: true), "COMB");
        Add(new([FileAction.LinkTo], FileAction.Create, FileAction.Create, HasTwoPaths: true), "SITE SYMLINK");
        return table.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

        void Add(VerbActions actions, params string[] verbs)
        {
            foreach (string verb in verbs)
            {
                table.Add(verb, actions);
            }
        }
    }
}
