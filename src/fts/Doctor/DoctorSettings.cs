using System.Net;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;

namespace Fts.Doctor;

/// <summary>What <c>fts doctor</c> checks, and how.</summary>
/// <param name="Target">The server, with the default port if the user named none.</param>
/// <param name="HasPort">Whether the user named the port. Otherwise the common ports are tried.</param>
/// <param name="Options">The options of all connections, without the decision about trust.</param>
/// <param name="IsTlsAutomatic">Whether TLS is used only if the server offers it.</param>
/// <param name="Timeout">The limit of each step. A check has little more than twice that time.</param>
/// <param name="CanWrite">Whether a probe file may be written to the server.</param>
/// <param name="Connections">The number of simultaneous connections to try.</param>
internal sealed record DoctorSettings(
    Target Target, bool HasPort, FtpClientOptions Options, bool IsTlsAutomatic, TimeSpan Timeout, bool CanWrite, int Connections)
{
    /// <summary>The ports of FTP, of <c>fts server</c> and of implicit TLS, in the order in which they are tried.</summary>
    public static IReadOnlyList<int> CommonPorts { get; } = [21, Target.DefaultPort, ImplicitTlsPort];

    /// <summary>The port of implicit TLS (IANA service ftps).</summary>
    public const int ImplicitTlsPort = 990;

    /// <summary>
    /// Returns the settings for a port. On the port of implicit TLS, automatic encryption means implicit TLS.
    /// </summary>
    public DoctorSettings WithPort(int port)
    {
        bool isImplicit = Options.Tls == FtpTlsMode.Implicit || (port == ImplicitTlsPort && IsTlsAutomatic);
        return this with
        {
            Target = Target with { Port = port, UsesImplicitTls = isImplicit },
            Options = Options with { Port = port, Tls = isImplicit ? FtpTlsMode.Implicit : Options.Tls },
        };
    }

    /// <summary>
    /// Returns the options for a connection that only examines the server: every certificate is accepted, because nothing secret is sent.
    /// </summary>
    /// <param name="tls">The encryption.</param>
    public FtpClientOptions CreateProbeOptions(FtpTlsMode tls) => WithTimeouts(Options) with
    {
        Tls = tls,
        Trust = Options.Trust with { PinnedKeys = [], ValidateAsync = static (_, _) => ValueTask.FromResult(true) },
    };

    /// <summary>Returns the options with the limit of each step.</summary>
    public FtpClientOptions WithTimeouts(FtpClientOptions options) => options with
    {
        Timeouts = options.Timeouts with { Connect = Timeout, Reply = Timeout, TransferStall = Timeout, FinalReply = Timeout },
        ConnectProgress = null,
    };

    /// <summary>
    /// Returns the server that an argument names (<c>HOST</c>, <c>HOST:PORT</c>, <c>[IPV6]:PORT</c>, <c>USER@HOST</c> or a URL), and
    /// whether it names a port.
    /// </summary>
    /// <exception cref="UserErrorException">The argument names no server.</exception>
    public static (Target Target, bool HasPort) ParseTarget(string word, string? user)
    {
        bool isUrl = Target.IsUrl(word);
        if (!isUrl && word.All(char.IsAsciiDigit))
        {
            throw CommandLine.CreateUsageError($"'{word}' is not a host; the port follows the host: HOST:PORT");
        }

        bool isBareIPv6 = !isUrl && !word.StartsWith('[') && IPAddress.TryParse(word, out IPAddress? address)
            && address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6;
        Target target = Target.FromUrl(isUrl ? word : $"ftp://{(isBareIPv6 ? $"[{word}]" : word)}");
        string authority = isUrl ? word[(word.IndexOf("://", StringComparison.Ordinal) + 3)..].Split('/')[0] : word;
        string hostAndPort = authority[(authority.LastIndexOf('@') + 1)..];
        bool hasPort = isUrl || (!isBareIPv6 && hostAndPort.LastIndexOf(':') > hostAndPort.LastIndexOf(']'));
        return (target with { User = user ?? target.User }, hasPort);
    }
}
