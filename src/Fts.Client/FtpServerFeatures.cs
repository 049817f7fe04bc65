using Fts.Protocol;

namespace Fts.Client;

/// <summary>What the server said it can do (FEAT, RFC 2389).</summary>
public sealed class FtpServerFeatures
{
    private readonly FeatureList _list;

    internal FtpServerFeatures(FeatureList list, bool isKnown)
    {
        (_list, IsKnown) = (list, isKnown);
        HasMachineListing = list.Supports("MLST") || list.Supports("MLSD");
        CanRestart = list.GetParameters("REST")?.Contains("STREAM", StringComparison.OrdinalIgnoreCase) == true;
    }

    /// <summary>False when the server does not know FEAT: then nothing is announced, and much may still work.</summary>
    public bool IsKnown { get; }

    /// <summary>MLSD and MLST (RFC 3659 §7).</summary>
    public bool HasMachineListing { get; }

    /// <summary>REST in stream mode (RFC 3659 §5).</summary>
    public bool CanRestart { get; }

    /// <summary>Whether MFMT sets a file's modification time.</summary>
    public bool CanSetLastModified => Supports("MFMT");

    /// <summary>Whether names travel in UTF-8 (RFC 2640).</summary>
    public bool HasUtf8 => Supports("UTF8");

    /// <summary>The names announced, in upper case.</summary>
    public IReadOnlyCollection<string> Names => _list.Names;

    /// <summary>Whether a feature is announced; the case of letters does not matter.</summary>
    public bool Supports(string feature) => _list.Supports(feature);

    /// <summary>What stands behind a feature's name; empty when nothing does, null when it is not announced.</summary>
    public string? GetParameters(string feature) => _list.GetParameters(feature);

    /// <summary>MODE B, in which one data connection carries many files (RFC 959 §3.4.2).</summary>
    internal bool HasBlockMode => (GetParameters("MODE") ?? "").Split(' ').Contains("B", StringComparer.OrdinalIgnoreCase);

    /// <summary>In block mode, uploads may be sent before it is known that they are wanted (OPTS MODE B DRAIN ON).</summary>
    internal bool SupportsBlockModeDrain => HasBlockMode && GetParameters("MODE")!.Split(' ').Contains("DRAIN", StringComparer.OrdinalIgnoreCase);

    internal static FtpServerFeatures Unknown { get; } = new(FeatureList.Empty, isKnown: false);

    /// <summary>Whether a verb is worth sending: announced, or nobody can know.</summary>
    internal bool ShouldTry(string feature) => !IsKnown || Supports(feature);
}
