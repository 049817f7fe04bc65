using System.Globalization;
using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Settings;

namespace Fts.Shell.Commands;

/// <summary>The commands that open, close and describe the connection, and the bookmarks.</summary>
internal static class ConnectionCommands
{
    /// <summary><c>open TARGET</c> closes the connection and connects to a bookmark, URL or host.</summary>
    public static async Task<ExitCode> OpenAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        string text = arguments[0].Text;
        Target target = Target.Parse(NamedTextFile.Bookmarks.Find(text) ?? text);
        target = arguments.Count > 1
            ? target with { Port = CommandLine.ParsePort(arguments[1].Text, allowsZero: false) }
            : target;
        await shell.Connector.OpenAsync(shell, target, cancellationToken);
        return ExitCode.Success;
    }

    /// <summary><c>close</c> closes the connection and stays in the client.</summary>
    public static async Task<ExitCode> CloseAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        string server = (shell.HasConnection ? shell.Target : throw ClientShell.CreateNotConnectedError()).ToString();
        await shell.Connector.CloseAsync(shell);
        shell.Terminal.WriteMessage($"disconnected from {server}");
        return ExitCode.Success;
    }

    /// <summary><c>user NAME</c> connects to the same server as another user.</summary>
    public static async Task<ExitCode> UserAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        Target target = shell.Target with { User = arguments[0].Text, UrlPath = null };
        await shell.Connector.OpenAsync(shell, target, cancellationToken);
        return ExitCode.Success;
    }

    /// <summary><c>status</c> prints the server, the encryption, the certificate, the account and the folders.</summary>
    public static async Task<ExitCode> StatusAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        Terminal terminal = shell.Terminal;
        if (!shell.HasConnection)
        {
            terminal.WriteData("not connected");
            terminal.WriteData($"local folder   {Environment.CurrentDirectory.ToPrintable()}");
            return ExitCode.Success;
        }

        FtpClient client = shell.Client;
        FtpClientOptions options = client.Options;
        string proxyText = options.Proxy is { } proxy ? $" through {proxy.ToString().ToPrintable()}" : "";
        string security = ServerConnection.DescribeSecurity(client);
        terminal.WriteData($"connected to {shell.Target}{proxyText} as {options.Credentials.UserName.ToPrintable()}");
        terminal.WriteData(client.ServerIdentity is { } identity ? $"{security}: {identity.Fingerprint}" : security);
        if (client.ServerIdentity is { } certificate)
        {
            terminal.WriteData($"cipher         {client.CipherSuite}");
            terminal.WriteData(string.Create(
                CultureInfo.InvariantCulture,
                $"certificate    {certificate.Subject.ToPrintable()}, valid until {certificate.NotAfter.UtcDateTime:yyyy-MM-dd}"));
        }

        string folder = await shell.CurrentDirectory.GetPathAsync(client, cancellationToken);
        terminal.WriteData($"remote folder  {FtpName.Escape(folder)}");
        terminal.WriteData($"local folder   {Environment.CurrentDirectory.ToPrintable()}");
        return ExitCode.Success;
    }

    /// <summary><c>bookmark</c> with <c>add</c>, <c>list</c> or <c>remove</c> changes and lists the bookmarks.</summary>
    public static Task<ExitCode> BookmarkAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        string action = arguments.Count == 0 ? "list" : arguments[0].Text;
        switch (action, arguments.Count)
        {
            case ("list", <= 1):
                foreach ((string name, string url) in NamedTextFile.Bookmarks.ReadAll())
                {
                    shell.Terminal.WriteData($"{name,-14} {url.ToPrintable()}");
                }

                return Task.FromResult(ExitCode.Success);
            case ("add", 2 or 3):
                string address = arguments.Count == 3
                    ? FormatAddress(Target.Parse(arguments[2].Text))
                    : FormatAddress(shell.Target with { UrlPath = GetFolder(shell) });
                NamedTextFile.Bookmarks.Set(arguments[1].Text, address);
                shell.Terminal.WriteMessage($"added the bookmark {arguments[1]}: {address.ToPrintable()}");
                return Task.FromResult(ExitCode.Success);
            case ("remove" or "rm" or "delete", 2):
                if (!NamedTextFile.Bookmarks.Remove(arguments[1].Text))
                {
                    throw new UserErrorException(
                        ExitCode.NotFound, $"bookmark: there is no bookmark {arguments[1]}", "bookmark list");
                }

                shell.Terminal.WriteMessage($"removed the bookmark {arguments[1]}");
                return Task.FromResult(ExitCode.Success);
            default:
                throw new UserErrorException(
                    ExitCode.UsageError, "bookmark: usage: bookmark [list], bookmark add NAME [URL], or bookmark remove NAME");
        }
    }

    /// <summary>Returns the current folder of the session for a URL, or null for the start folder.</summary>
    private static string? GetFolder(ClientShell shell) => shell.CurrentDirectory.Path is { Length: > 0 } path ? path : null;

    /// <summary>Returns a server and folder as a URL. Never contains a password, because a target has none.</summary>
    private static string FormatAddress(Target target) => target.FormatUrl(new ShellWord(target.UrlPath ?? ""));
}
