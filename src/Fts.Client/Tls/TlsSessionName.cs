using System.Collections.Concurrent;
using System.Globalization;
using System.Net;

namespace Fts.Client.Tls;

/// <summary>
/// The server's name as one control connection and its data connections spell it in their handshakes. .NET keeps one resumable TLS session per spelling for
/// the whole process, and strict servers refuse a data connection that resumes another control connection's session: so each living connection to a host
/// spells it differently. A host name's letters may be large or small (RFC 4343), which makes as many spellings; the server sees the right name either way.
/// An address has no name in TLS, and without one nothing is resumed: there the name is made up (RFC 6761 §6.4), and certificates are checked against the
/// address by this library.
/// </summary>
/// <remarks>The spelling is free again for others once disposed.</remarks>
internal sealed class TlsSessionName : IDisposable
{
    private static readonly ConcurrentDictionary<string, bool> NamesInUse = new(StringComparer.Ordinal);

    private TlsSessionName(string name) => Name = name;

    /// <summary>What to give as target host.</summary>
    public string Name { get; }

    /// <summary>A spelling no living connection uses; once all are used, which takes a name of very few letters, one that is.</summary>
    public static TlsSessionName Acquire(string host)
    {
        bool isAddress = IPAddress.TryParse(host, out _);
        string name = isAddress ? "" : new IdnMapping().GetAscii(host.TrimEnd('.')).ToLowerInvariant();
        long spellings = isAddress ? long.MaxValue : 1L << Math.Min(40, name.Count(char.IsAsciiLetter));
        string text = "";
        for (long number = 0; number < spellings; number++)
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

    private static string CreateNameForAddress(string address, long number) =>
        $"c{number.ToString(CultureInfo.InvariantCulture)}.a{string.Concat(address.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'))}a.invalid";

    /// <summary>The number's binary digits say which letters are large; 0 is the name as everybody writes it.</summary>
    private static string ChangeCase(string name, long number) => string.Create(name.Length, (name, number), static (text, from) =>
    {
        long left = from.number;
        for (int i = 0; i < text.Length; i++)
        {
            char c = from.name[i];
            bool isLetter = char.IsAsciiLetter(c);
            text[i] = isLetter && (left & 1) == 1 ? char.ToUpperInvariant(c) : c;
            left >>= isLetter ? 1 : 0;
        }
    });
}
