using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Fts.Accounts;
using Fts.Protocol;
using Fts.Server;

namespace Fts.Serving;

/// <summary>What the server shows once it listens: where, what, for whom, and the command that connects to it.</summary>
internal static class StartupSummary
{
    public static IEnumerable<string> FormatLines(
        FtpServer server, bool isLocal, string folder, SignInRules signInRules, TlsSettings tlsSettings, VirtualHosts hosts, NetworkSettings networkSettings, Sandbox sandbox)
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
        if (tlsSettings.RequestsClientCertificates)
        {
            yield return "  sign-in   a certificate of --client-ca signs its common name in, to read and write";
            if (tlsSettings.Options!.ClientCertificates.Policy == FtpClientCertificatePolicy.Require)
            {
                yield return "  sign-in   nobody at all without such a certificate";
            }
        }

        if (signInRules.AnonymousPermissions != Permissions.None)
        {
            yield return $"  sign-in   {(isLocal ? "every user of this machine" : "anyone")} may {(signInRules.AnonymousPermissions == Permissions.ReadWrite ? "read and write" : "read")} without a password, as anonymous";
        }

        if (signInRules.AllowsOwnUser)
        {
            yield return "  sign-in   you and root may read and write without a password, as anonymous";
            yield return $"  sign-in   other users of this machine sign in as {signInRules.OneTimePassword!.UserName} with this password, until the server stops:";
            yield return $"  password  {signInRules.OneTimePassword.Password}";
        }
        else if (signInRules.OneTimePassword is { } password)
        {
            yield return $"  sign-in   user {password.UserName} may read and write; password until this server stops:";
            yield return $"  password  {password.Password}";
        }

        if (fingerprint is not null)
        {
            yield return $"  tls       {(tls == FtpTlsPolicy.Required ? "required" : "for who asks for it")}{(server.ImplicitTlsEndPoint is { } port ? $", and from the first byte on port {port.Port}" : "")}";
            yield return $"  key       {fingerprint}";
        }

        if (networkSettings.Describe() is { } passive)
        {
            yield return $"  passive   {passive}";
        }

        if (networkSettings.LoadBalancers.Count > 0)
        {
            yield return $"  balancer  {string.Join(", ", networkSettings.LoadBalancers)}, with a PROXY header";
        }

        if (!isLocal && tls != FtpTlsPolicy.Required)
        {
            yield return fingerprint is null
                ? "  warning   nothing is encrypted: whoever can listen on the network can read along"
                : "  warning   clients that ask for no encryption are read along by whoever can listen; --tls required turns them away";
        }

        yield return $"  connect   fts client {FindReachableAddress(endPoint.Address)} {endPoint.Port}{(signInRules is { OneTimePassword: { } own, AllowsOwnUser: false } ? $" --user {own.UserName}" : "")}";
        yield return "  stop      Ctrl-C";
    }

    /// <summary>An address to type: listening on all of them, the first that others can reach.</summary>
    private static IPAddress FindReachableAddress(IPAddress address)
    {
        if (!address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any))
        {
            return address;
        }

        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .Where(network => network.OperationalStatus == OperationalStatus.Up && network.NetworkInterfaceType != NetworkInterfaceType.Loopback)
                .SelectMany(network => network.GetIPProperties().UnicastAddresses)
                .Select(unicast => unicast.Address)
                .FirstOrDefault(own => own.AddressFamily == AddressFamily.InterNetwork, IPAddress.Loopback);
        }
        catch (Exception e) when (e is NetworkInformationException or UnauthorizedAccessException)
        {
            // The screen is a service; without a list of addresses it still shows one that works here.
            return IPAddress.Loopback;
        }
    }
}
