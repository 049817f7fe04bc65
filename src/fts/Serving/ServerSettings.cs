using System.CommandLine;
using System.Net;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Serving.Accounts;
using Fts.Serving.Delivery;
using Fts.Serving.Logging;
using Fts.Serving.Metrics;

namespace Fts.Serving;

/// <summary>The parsed settings of <c>fts server</c>.</summary>
/// <param name="EndPoint">The address and port to listen on.</param>
/// <param name="IsDebug">Whether each request and reply is logged.</param>
/// <param name="Anonymous">The value of <c>--anonymous</c>.</param>
/// <param name="Folder">The full path of the shared folder.</param>
/// <param name="Uploads">The settings for uploads.</param>
/// <param name="Tls">The TLS settings.</param>
/// <param name="Hosts">The additional hosts.</param>
/// <param name="Limits">The limits on sessions.</param>
/// <param name="Network">The settings for firewalls, routers and load balancers.</param>
/// <param name="Defences">The limits of new connections, and the bans.</param>
/// <param name="Log">The settings of the log. Its file is not open yet.</param>
/// <param name="Telemetry">The settings of metrics and traces.</param>
internal sealed record ServerSettings(
    IPEndPoint EndPoint, bool IsDebug, string Anonymous, string Folder, UploadPolicy Uploads, TlsSettings Tls,
    VirtualHosts Hosts, SessionLimits Limits, NetworkSettings Network, Defences Defences, LogSettings Log, TelemetrySettings Telemetry)
{
    /// <summary>The index of the argument <c>debug</c>.</summary>
    public const int DebugIndex = 2;

    /// <summary>The option with the shared folder.</summary>
    public static Option<string> FolderOption { get; } = new DefaultedOption("--folder", () => Environment.CurrentDirectory)
    {
        HelpName = "DIR",
        Description = "folder to share (default: the current folder)",
    };

    /// <summary>The option for the rights of clients without a password.</summary>
    public static ChoiceOption AnonymousOption { get; } = new(
        "--anonymous", "RIGHTS", "rights of clients without a password",
        ("auto", "on a loopback address: read and write for clients that run as you or root"),
        ("read", "read"),
        ("write", "read and write"),
        ("no", "none"));

    /// <summary>The settings of the delivery of events.</summary>
    public required DeliverySettings Delivery { get; init; }

    /// <summary>Whether only clients on this machine can connect.</summary>
    /// <remarks>Behind a load balancer on this machine, all clients connect from the loopback address.</remarks>
    public bool IsLocal => IPAddress.IsLoopback(EndPoint.Address) && Network.LoadBalancers.Count == 0;

    /// <summary>The shared folder and the folders of the additional hosts.</summary>
    public IReadOnlyList<string> ServedFolders => [Folder, .. Hosts.Folders.Select(host => host.Folder)];

    /// <summary>Parses all settings. An error of a configured value names its origin.</summary>
    /// <exception cref="UserErrorException">A value is invalid, or settings contradict each other.</exception>
    public static ServerSettings Parse(CommandLine line)
    {
        try
        {
            var endPoint = new IPEndPoint(line.GetAddress(0, IPAddress.Loopback), line.GetPort(1, Target.DefaultPort, allowsZero: true));
            bool debug = line.IsDebug(DebugIndex);
            string anonymous = line.GetChoice(AnonymousOption);
            string folder = line.GetValue(FolderOption) ?? ".";
            if (folder.Length == 0)
            {
                throw CommandLine.CreateUsageError($"{FolderOption.Name} needs a value");
            }

            var uploads = UploadPolicy.Parse(line);
            var tls = TlsSettings.Parse(line);
            var hosts = VirtualHosts.Parse(line, hasTls: tls.Options is not null);
            var limits = SessionLimits.Parse(line);
            var network = NetworkSettings.Parse(line, endPoint.Port, tls.ImplicitPort);
            _ = LegacySettings.Parse(line); // ServerAccounts uses the settings
            return new ServerSettings(
                endPoint, debug, anonymous, Path.GetFullPath(folder), uploads, tls, hosts, limits, network, Defences.Parse(line),
                LogSettings.Parse(line, debug), TelemetrySettings.Parse(line))
            {
                Delivery = DeliverySettings.Parse(line),
            };
        }
        catch (UserErrorException e)
        {
            throw line.DescribeOrigin(e);
        }
    }
}
