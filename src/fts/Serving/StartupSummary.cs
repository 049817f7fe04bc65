using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Client;
using Fts.Protocol;
using Fts.Server;
using Fts.Serving.Accounts;

namespace Fts.Serving;

/// <summary>
/// Formats the start screen of the server: address, folders, login rules, TLS, and the client command that connects to the server.
/// </summary>
internal static class StartupSummary
{
    /// <summary>
    /// Returns the lines of the start screen. The server must already listen, because the system may have chosen its port.
    /// </summary>
    /// <param name="server">The listening server.</param>
    /// <param name="isLocal">Whether only clients on this machine can connect.</param>
    /// <param name="folder">The shared folder.</param>
    /// <param name="signInRules">The login rules.</param>
    /// <param name="tlsSettings">The TLS options.</param>
    /// <param name="hosts">The additional hosts.</param>
    /// <param name="networkSettings">The settings for firewalls, routers and load balancers.</param>
    /// <param name="sandbox">The state of the sandbox.</param>
    /// <param name="accounts">The accounts, or null if the server has none.</param>
    /// <param name="events">The targets of events, empty if events are not delivered.</param>
    /// <param name="metrics">The address that serves the metrics, or null.</param>
    public static IEnumerable<string> FormatLines(
        FtpServer server, bool isLocal, string folder, SignInRules signInRules, TlsSettings tlsSettings, VirtualHosts hosts,
        NetworkSettings networkSettings, Sandbox sandbox, ServerAccounts? accounts,
        IEnumerable<string> events, IPEndPoint? metrics)
    {
        IPEndPoint endPoint = server.EndPoint;
        FtpTlsPolicy? tls = tlsSettings.Options?.Control;
        string? fingerprint = tlsSettings.Fingerprint;
        yield return $"fts server on {endPoint}";
        yield return $"  folder    {folder.ToPrintable()}";
        foreach ((string name, string hostFolder) in hosts.Folders)
        {
            yield return $"  host      {name}: {hostFolder.ToPrintable()}";
        }

        yield return $"  sandbox   {sandbox.Description}";
        if (accounts is not null)
        {
            yield return $"  accounts  {accounts.Count} in {accounts.State.Path.ToPrintable()}";
            if (accounts.Legacy is { } legacy)
            {
                yield return $"  login     of other names checked at {legacy.Url.ToPrintable()}" +
                    (legacy.Server.Tls == FtpTlsMode.Off ? "; their passwords are sent unencrypted" : "");
            }
        }

        if (tlsSettings.RequestsClientCertificates && accounts is not { AreInForce: true })
        {
            yield return "  login     with a client certificate issued by --client-ca; the user is its common name: read and write";
            if (tlsSettings.Options!.ClientCertificates.Policy == FtpClientCertificatePolicy.Require)
            {
                yield return "  login     refused without a client certificate issued by --client-ca";
            }
        }

        if (signInRules.AnonymousPermissions != Permissions.None)
        {
            string users = isLocal ? "every user of this machine" : "everyone";
            string rights = signInRules.AnonymousPermissions == Permissions.ReadWrite ? "read and write" : "read";
            yield return $"  login     anonymous, without a password, for {users}: {rights}";
        }

        if (signInRules.AllowsOwnUser)
        {
            yield return "  login     anonymous, without a password, for you and root: read and write";
            string userName = signInRules.GeneratedPassword!.UserName;
            yield return $"  login     {userName}, with the password below, for other users of this machine: read and write";
            yield return $"  password  {signInRules.GeneratedPassword.Password}";
        }
        else if (signInRules.GeneratedPassword is { } password)
        {
            yield return $"  login     {password.UserName}, with the password below: read and write";
            yield return $"  password  {password.Password}";
        }

        if (fingerprint is not null)
        {
            string implicitPort = server.ImplicitTlsEndPoint is { } port ? $", and from the first byte on port {port.Port}" : "";
            yield return $"  tls       {(tls == FtpTlsPolicy.Required ? "required" : "optional")}{implicitPort}";
            yield return $"  key       {fingerprint}";
        }

        if (networkSettings.Describe() is { } passive)
        {
            yield return $"  passive   {passive}";
        }

        if (networkSettings.LoadBalancers.Count > 0)
        {
            yield return $"  proxies   {string.Join(", ", networkSettings.LoadBalancers)}, with a PROXY header";
        }

        foreach (string target in events)
        {
            yield return $"  events    to {target}";
        }

        if (metrics is not null)
        {
            yield return $"  metrics   http://{metrics}/metrics";
        }

        if (!isLocal && tls != FtpTlsPolicy.Required)
        {
            yield return fingerprint is null
                ? "  warning   sessions are not encrypted and can be read by others on the network; omit --tls off to offer TLS"
                : "  warning   unencrypted sessions can be read by others on the network; use --tls required to refuse them";
        }

        string user = signInRules is { GeneratedPassword: { } own, AllowsOwnUser: false } ? $" --user {own.UserName}" : "";
        if (accounts is { AreInForce: true } && signInRules.AnonymousPermissions == Permissions.None)
        {
            user = " --user NAME";
        }

        yield return $"  connect   fts client {FindReachableAddress(endPoint.Address)} {endPoint.Port}{user}";
        yield return "  stop      Ctrl-C";
    }

    /// <summary>
    /// Returns the address that clients connect to. If the server listens on all addresses, returns the first IPv4 address of this machine
    /// that is not a loopback address, or the loopback address if there is none.
    /// </summary>
    private static IPAddress FindReachableAddress(IPAddress address)
    {
        if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
        {
            return address;
        }

        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .Where(network =>
                    network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address)
                .FirstOrDefault(own => own.AddressFamily == AddressFamily.InterNetwork, IPAddress.Loopback);
        }
        catch (Exception e) when (e is NetworkInformationException or UnauthorizedAccessException)
        {
            // Without a list of addresses, the summary shows an address that works on this machine.
            return IPAddress.Loopback;
        }
    }
}
