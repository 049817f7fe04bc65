using Fts.Cli;
using Fts.Cli.Connections;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>Help, and leaving.</summary>
internal static class SessionCommands
{
    /// <summary><c>help</c>: our list, then the server's own; <c>help COMMAND</c>: one row of ours.</summary>
    public static async Task<ExitCode> HelpAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count == 1)
        {
            DescribeCommand(shell, arguments[0].Text);
            return ExitCode.Success;
        }

        foreach (ShellCommand command in ShellCommandTable.All)
        {
            string aliases = command.Names.Length > 1 ? $" (also {string.Join(", ", command.Names[1..])})" : "";
            shell.Terminal.WriteData($"  {command.Usage,-24}{command.Description}{aliases}");
        }

        shell.Terminal.WriteData("  !COMMAND                run a command on this machine");
        try
        {
            FtpReply reply = await shell.Client.SendAsync("HELP", null, cancellationToken);
            if (reply.IsCompletion)
            {
                shell.Terminal.WriteData($"on the server {shell.Target}:");
                foreach (string line in reply.Lines)
                {
                    shell.Terminal.WriteData($"  {line.Trim().ToPrintable()}");
                }
            }
        }
        catch (FtpException e)
        {
            // Our own list is what was asked for first, and it works without a server.
            shell.Terminal.WriteMessage($"the server's own help cannot be had: {e.Message.ToPrintable()}");
        }

        return ExitCode.Success;
    }

    /// <summary><c>status</c>: what the connection line reports, at any time.</summary>
    public static Task<ExitCode> StatusAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        FtpClientOptions options = shell.Client.Options;
        string proxyText = options.Proxy is { } proxy ? $" through {proxy.ToString().ToPrintable()}" : "";
        shell.Terminal.WriteData($"connected to {shell.Target}{proxyText} as {options.Credentials.UserName.ToPrintable()}");
        shell.Terminal.WriteData(shell.Client.ServerIdentity is { } identity ? $"{ServerConnection.DescribeSecurity(shell.Client)}: {identity.Fingerprint}" : ServerConnection.DescribeSecurity(shell.Client));
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>bye</c>.</summary>
    public static Task<ExitCode> ByeAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        shell.ShouldExit = true;
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>ascii</c>: later transfers convert line ends.</summary>
    public static Task<ExitCode> AsciiAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) => SetTypeAsync(shell, FtpTransferType.Ascii);

    /// <summary><c>binary</c>: later transfers leave the bytes as they are.</summary>
    public static Task<ExitCode> BinaryAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) => SetTypeAsync(shell, FtpTransferType.Binary);

    /// <summary><c>type</c>: shows the transfer type; <c>type ascii</c> and <c>type binary</c> set it.</summary>
    public static Task<ExitCode> TypeAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count == 0)
        {
            shell.Terminal.WriteData(shell.TransferSettings.Type == FtpTransferType.Ascii ? "ascii" : "binary");
            return Task.FromResult(ExitCode.Success);
        }

        return arguments[0].Text.ToLowerInvariant() switch
        {
            "ascii" or "a" => SetTypeAsync(shell, FtpTransferType.Ascii),
            "binary" or "image" or "i" => SetTypeAsync(shell, FtpTransferType.Binary),
            _ => throw new UserErrorException(ExitCode.UsageError, $"type {arguments[0]}: must be ascii or binary"),
        };
    }

    private static Task<ExitCode> SetTypeAsync(ClientShell shell, FtpTransferType type)
    {
        TransferSettings transfers = shell.TransferSettings with { Type = type };
        transfers.Validate();
        shell.TransferSettings = transfers;
        shell.Terminal.WriteMessage(type == FtpTransferType.Ascii
            ? "ascii mode: line ends are converted, and files are not compared or resumed"
            : "binary mode: the bytes are transferred as they are");
        return Task.FromResult(ExitCode.Success);
    }

    private static void DescribeCommand(ClientShell shell, string name)
    {
        ShellCommand command = ShellCommandTable.Find(name) ?? throw new UserErrorException(
            ExitCode.UsageError, $"help: unknown command '{name}'{(SpellingSuggestion.FindNearest(name, ShellCommandTable.Names) is { } suggestion ? $"; did you mean {suggestion}?" : "")}");
        shell.Terminal.WriteData($"usage: {command.Usage}");
        shell.Terminal.WriteData($"  {command.Description}");
        if (command.Names.Length > 1)
        {
            shell.Terminal.WriteData($"  other names: {string.Join(", ", command.Names[1..])}");
        }

        foreach (ShellOption option in command.Options)
        {
            shell.Terminal.WriteData($"  {option.Name,-13}{option.Description}");
        }

        if (command.CompletionSource is CompletionSource.Local or CompletionSource.Remote)
        {
            shell.Terminal.WriteData("  a name with spaces: \"two words\"; * and ? outside quotes are patterns where several files may be named");
        }
    }
}
