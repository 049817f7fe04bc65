namespace Fts.Protocol;

/// <summary>
/// What a server announces in its FEAT reply (RFC 2389 §3.2): names and what stands behind them. A name announced on several lines (AUTH, OPTS)
/// has its parameters joined by a space.
/// </summary>
internal sealed class FeatureList
{
    private readonly Dictionary<string, string> _features = new(StringComparer.OrdinalIgnoreCase);

    private FeatureList()
    {
    }

    /// <summary>Nothing announced.</summary>
    public static FeatureList Empty { get; } = new();

    /// <summary>The names announced, in upper case.</summary>
    public IReadOnlyCollection<string> Names => _features.Keys;

    /// <summary>
    /// Reads a 211 reply; a one-line reply announces nothing. The space RFC 2389 asks for before each feature is not insisted on: several servers leave it out.
    /// </summary>
    public static FeatureList Parse(FtpReply reply)
    {
        var parameters = new Dictionary<string, List<string>>(StringComparer.OrdinalIgnoreCase);
        for (int i = 1; i < reply.Lines.Count - 1; i++)
        {
            ReadOnlySpan<char> line = reply.Lines[i].AsSpan().Trim();
            int space = line.IndexOf(' ');
            string name = (space < 0 ? line : line[..space]).ToString().ToUpperInvariant();
            if (name.Length == 0)
            {
                continue;
            }

            if (!parameters.TryGetValue(name, out List<string>? told))
            {
                parameters[name] = told = [];
            }

            if (space >= 0)
            {
                told.Add(line[(space + 1)..].Trim().ToString());
            }
        }

        var list = new FeatureList();
        foreach ((string name, List<string> told) in parameters)
        {
            // Joined once: a server may announce one name on each of a hundred thousand lines.
            list._features[name] = string.Join(' ', told);
        }

        return list;
    }

    /// <summary>Whether a feature is announced.</summary>
    public bool Supports(string feature) => _features.ContainsKey(feature);

    /// <summary>What stands behind a feature's name; empty when nothing does, null when it is not announced.</summary>
    public string? GetParameters(string feature) => _features.GetValueOrDefault(feature);

    /// <summary>The facts MLST can tell, and of these, the ones it does tell unless asked otherwise: those marked with <c>*</c> (RFC 3659 §7.8).</summary>
    public IEnumerable<(string Fact, bool IsOn)> MlsxFacts =>
        (GetParameters("MLST") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(fact => (fact.TrimEnd('*'), fact.EndsWith('*')));
}
