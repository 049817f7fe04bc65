using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Fts.Client.Tls;

/// <summary>
/// The target host name that one control connection and its data connections use in their TLS handshakes. If possible, the name is unique
/// among the open control connections of this process.
/// </summary>
/// <remarks>
/// .NET caches one resumable TLS session per target host name, and strict servers reject a data connection that resumes the session of
/// another control connection. DNS names are case-insensitive (RFC 4343), so each connection uses a different combination of upper and
/// lower case. For an IP address, TLS sends no name and .NET resumes no session, so a name in the domain "invalid" is used (RFC 6761 §6.4).
/// The certificate is still compared with the IP address, not with that name. Disposal makes the name available again.
/// </remarks>
internal sealed class TlsSessionName : IDisposable
{
    private static readonly ConcurrentDictionary<string, bool> NamesInUse = new(StringComparer.Ordinal);

    private TlsSessionName(string name) => Name = name;

    /// <summary>The target host name for the handshakes.</summary>
    public string Name { get; }

    /// <summary>
    /// Returns a name that no open connection uses. A short host name has few combinations of upper and lower case. If all of them are in
    /// use, returns one of them.
    /// </summary>
    public static TlsSessionName Acquire(string host)
    {
        bool isAddress = IPAddress.TryParse(host, out _);
        string name = isAddress ? "" : new IdnMapping().GetAscii(host.TrimEnd('.')).ToLowerInvariant();
        long variants = isAddress ? long.MaxValue : 1L << Math.Min(40, name.Count(char.IsAsciiLetter));
        string text = "";
        for (long number = 0; number < variants; number++)
        {
            text = isAddress ? CreateNameForAddress(host, number) : ChangeCase(name, number);
            if (NamesInUse.TryAdd(text, true))
            {
                return new TlsSessionName(text);
            }
        }

        return new TlsSessionName(text);
    }

    public void Dispose() => NamesInUse.TryRemove(Name, out _);

    private static string CreateNameForAddress(string address, long number)
    {
        string label = string.Concat(address.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
        return $"c{number.ToString(CultureInfo.InvariantCulture)}.a{label}a.invalid";
    }

    /// <summary>
    /// Returns the name with a letter in upper case for each bit that is set in the number. For 0, the name is unchanged.
    /// </summary>
    private static string ChangeCase(string name, long number) => string.Create(name.Length, (name, number), static (text, source) =>
    {
        long bits = source.number;
        for (int i = 0; i < text.Length; i++)
        {
            char c = source.name[i];
            bool isLetter = char.IsAsciiLetter(c);
            text[i] = isLetter && (bits & 1) == 1 ? char.ToUpperInvariant(c) : c;
            bits >>= isLetter ? 1 : 0;
        }
    });
}
