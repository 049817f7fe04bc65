namespace Fts.Protocol;

/// <summary>The features in a server's FEAT reply (RFC 2389 §3.2). Names are compared without regard to case.</summary>
/// <remarks>If a name occurs on several lines, as AUTH and OPTS often do, its parameters are joined by a space.</remarks>
public sealed class FeatureList
{
    private readonly Dictionary<string, string> _features = new(StringComparer.OrdinalIgnoreCase);

    private FeatureList()
    {
    }

    /// <summary>A list without features.</summary>
    public static FeatureList Empty { get; } = new();

    /// <summary>The names of the features, in upper case.</summary>
    public IReadOnlyCollection<string> Names => _features.Keys;

    /// <summary>
    /// The facts that the server supports in MLST and MLSD, and whether each fact is selected. In the reply, an asterisk marks a selected
    /// fact (RFC 3659 §7.8).
    /// </summary>
    internal IEnumerable<(string Fact, bool IsSelected)> MlsxFacts =>
        (GetParameters("MLST") ?? "").Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
            .Select(fact => (fact.TrimEnd('*'), fact.EndsWith('*')));

    /// <summary>Reads the features in a 211 reply. A reply of one or two lines has no features.</summary>
    /// <remarks>The space that RFC 2389 requires before each feature may be missing, because several servers do not send it.</remarks>
    /// <param name="reply">The positive reply to FEAT.</param>
    public static FeatureList Parse(FtpReply reply)
    {
        ArgumentNullException.ThrowIfNull(reply);
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

            if (!parameters.TryGetValue(name, out List<string>? values))
            {
                parameters[name] = values = [];
            }

            if (space >= 0)
            {
                values.Add(line[(space + 1)..].Trim().ToString());
            }
        }

        var list = new FeatureList();
        foreach ((string name, List<string> values) in parameters)
        {
            // All values of a name are joined at once. Joining each value to the earlier ones would be slow if a hostile server repeats one
            // name on a hundred thousand lines.
            list._features[name] = string.Join(' ', values);
        }

        return list;
    }

    /// <summary>Returns whether the list has the feature.</summary>
    /// <param name="feature">The name of the feature.</param>
    public bool Supports(string feature) => _features.ContainsKey(feature);

    /// <summary>Returns the parameters of a feature, empty if it has none, or null if the list does not have the feature.</summary>
    /// <param name="feature">The name of the feature.</param>
    public string? GetParameters(string feature) => _features.GetValueOrDefault(feature);
}
