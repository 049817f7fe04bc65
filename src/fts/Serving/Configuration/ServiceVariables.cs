using System.Net;

namespace Fts.Serving.Configuration;

/// <summary>
/// Recognises the variables with which container systems describe other containers. A service or link named <c>fts</c> sets
/// <c>FTS_PORT=tcp://10.0.0.11:21</c> in all containers beside it.
/// </summary>
internal static class ServiceVariables
{
    private static readonly string[] s_protocols = ["tcp", "udp", "sctp"];

    /// <summary>Returns whether a variable describes a service, and is therefore neither a setting nor an account.</summary>
    public static bool IsServiceVariable(string name, string value) =>
        IsUrl(name, value)
        || IsPartOfUrl(name)
        || (name.EndsWith("_SERVICE_HOST", StringComparison.Ordinal) && IPAddress.TryParse(value, out _))
        || (name.Contains("_SERVICE_PORT", StringComparison.Ordinal) && ushort.TryParse(value, out _));

    /// <summary>Returns whether a variable is, for example, <c>FTS_PORT=tcp://10.0.0.11:21</c>.</summary>
    private static bool IsUrl(string name, string value) =>
        name.EndsWith("_PORT", StringComparison.Ordinal)
        && s_protocols.Any(protocol => value.StartsWith(protocol + "://", StringComparison.Ordinal));

    /// <summary>Returns whether a variable has a name such as <c>FTS_PORT_21_TCP</c> or <c>FTS_PORT_21_TCP_ADDR</c>.</summary>
    private static bool IsPartOfUrl(string name)
    {
        string[] parts = name.Split('_');
        int last = parts[^1] is "ADDR" or "PORT" or "PROTO" ? parts.Length - 2 : parts.Length - 1;
        return last >= 2 && parts[last - 2] == "PORT" && ushort.TryParse(parts[last - 1], out _)
            && s_protocols.Contains(parts[last].ToLowerInvariant());
    }
}
