using System.Buffers;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Shell.Commands;

/// <summary>The colours of names in listings, from <c>LS_COLORS</c> (dir_colors(5)).</summary>
internal sealed class ListingColors
{
    /// <summary>The colours of GNU ls without <c>LS_COLORS</c>.</summary>
    private const string Default = "di=01;34:ln=01;36:ex=01;32";

    private static readonly SearchValues<char> SgrCharacters = SearchValues.Create("0123456789;");

    private readonly Dictionary<string, string> _byKind = [];
    private readonly List<(string Suffix, string Sgr)> _bySuffix = [];

    /// <summary>Parses the value of <c>LS_COLORS</c>. Ignores entries that are not SGR parameters. Null means the default.</summary>
    public ListingColors(string? text)
    {
        foreach (string part in (string.IsNullOrEmpty(text) ? Default : text).Split(':'))
        {
            int equals = part.LastIndexOf('=');
            if (equals < 1 || equals + 1 == part.Length || part.AsSpan(equals + 1).ContainsAnyExcept(SgrCharacters))
            {
                continue;
            }

            (string key, string sgr) = (part[..equals], part[(equals + 1)..]);
            if (key[0] == '*')
            {
                _bySuffix.Add((key[1..], sgr));
            }
            else
            {
                _byKind[key] = sgr;
            }
        }
    }

    /// <summary>Returns the SGR parameters for an entry, or null for no colour. The last matching suffix wins.</summary>
    public string? Find(FtpEntry entry)
    {
        const UnixFileMode AnyExecute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        switch (entry.Kind)
        {
            case FtpEntryKind.Directory:
                return _byKind.GetValueOrDefault("di");
            case FtpEntryKind.Link:
                return _byKind.GetValueOrDefault("ln") is { } link && link != "target" ? link : null;
            case FtpEntryKind.File when (entry.UnixMode & AnyExecute) > 0 && _byKind.TryGetValue("ex", out string? executable):
                return executable;
            case FtpEntryKind.File:
                int index = _bySuffix.FindLastIndex(item => entry.Name.EndsWith(item.Suffix, StringComparison.OrdinalIgnoreCase));
                return index >= 0 ? _bySuffix[index].Sgr : _byKind.GetValueOrDefault("fi");
            default:
                return null;
        }
    }
}
