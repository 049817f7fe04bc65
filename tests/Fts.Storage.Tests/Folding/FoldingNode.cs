using System.Text;

namespace Fts.Storage.Tests.Folding;

/// <summary>
/// A file or directory in memory. A directory keeps the spelling of a name and finds it by every spelling with the same folded form, as
/// HFS+.
/// </summary>
internal sealed class FoldingNode(ulong id, uint mode)
{
    public ulong Id { get; } = id;

    public uint Mode { get; set; } = mode;

    public bool IsFolder => (Mode & 0xF000) == 0x4000;

    public uint Links { get; set; } = (mode & 0xF000) == 0x4000 ? 2u : 1;

    public byte[] Content { get; set; } = [];

    public DateTime Modified { get; set; } = DateTime.UtcNow;

    /// <summary>The children by folded name.</summary>
    public SortedDictionary<string, (string Spelling, FoldingNode Node)> Entries { get; } = new(StringComparer.Ordinal);

    /// <summary>Returns the folded form: lower case, without invisible characters, and with é as two characters.</summary>
    public static string Fold(string name)
    {
        var folded = new StringBuilder();
        foreach (Rune rune in name.EnumerateRunes())
        {
            _ = rune.Value is (>= 0x200C and <= 0x200F) or (>= 0x202A and <= 0x202E) or (>= 0x206A and <= 0x206F) or 0xFEFF ? folded
                : rune.Value is 0xE9 or 0xC9 ? folded.Append("e\u0301")
                : rune.Value == 0x17F ? folded.Append('s')
                : folded.Append(Rune.ToLowerInvariant(rune).ToString());
        }

        return folded.ToString();
    }
}
