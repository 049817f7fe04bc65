using Fts.Protocol;

namespace Fts.Client;

/// <summary>The features that a server lists (FEAT, RFC 2389).</summary>
public sealed class FtpServerFeatures
{
    private readonly FeatureList _list;

    internal FtpServerFeatures(FeatureList list, bool isKnown)
    {
        (_list, IsKnown) = (list, isKnown);
        HasMachineListing = list.Supports("MLST") || list.Supports("MLSD");
        CanRestart = list.GetParameters("REST")?.Contains("STREAM", StringComparison.OrdinalIgnoreCase) == true;
    }

    /// <summary>
    /// Whether the server supports FEAT. If it does not, <see cref="Names"/> is empty, although the server may support some features.
    /// </summary>
    public bool IsKnown { get; }

    /// <summary>Whether the server lists MLST or MLSD (RFC 3659 §7).</summary>
    public bool HasMachineListing { get; }

    /// <summary>Whether transfers in stream mode can be resumed with REST (REST STREAM, RFC 3659 §5).</summary>
    public bool CanRestart { get; }

    /// <summary>Whether the server can set the last-modified time of a file (MFMT).</summary>
    public bool CanSetLastModified => Supports("MFMT");

    /// <summary>Whether the server sends and accepts names in UTF-8 (UTF8, RFC 2640).</summary>
    public bool HasUtf8 => Supports("UTF8");

    /// <summary>The names of the listed features, in upper case.</summary>
    public IReadOnlyCollection<string> Names => _list.Names;

    /// <summary>Returns whether the server lists a feature. The comparison ignores case.</summary>
    public bool Supports(string feature) => _list.Supports(feature);

    /// <summary>Returns the parameters of a feature: empty if it has none, null if the server does not list the feature.</summary>
    public string? GetParameters(string feature) => _list.GetParameters(feature);

    /// <summary>
    /// Whether the server supports block mode, in which one data connection transfers many files (MODE B, RFC 959 §3.4.2).
    /// </summary>
    internal bool HasBlockMode => (GetParameters("MODE") ?? "").Split(' ').Contains("B", StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Whether, in block mode, the server can read a rejected upload to its end (OPTS MODE B DRAIN ON). The client may then send an upload
    /// before the server has accepted it.
    /// </summary>
    internal bool SupportsBlockModeDrain =>
        HasBlockMode && GetParameters("MODE")!.Split(' ').Contains("DRAIN", StringComparer.OrdinalIgnoreCase);

    /// <summary>The features if none are known: before the login, or if the server does not support FEAT.</summary>
    internal static FtpServerFeatures Unknown { get; } = new(FeatureList.Empty, isKnown: false);

    /// <summary>Returns whether the server may support a feature: the server lists the feature, or does not support FEAT.</summary>
    internal bool ShouldTry(string feature) => !IsKnown || Supports(feature);
}
