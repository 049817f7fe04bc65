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
    public static async Task<ExitCode> HelpAsync(ClientShell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        if (words.Count == 1)
        {
            Describe(shell, words[0].Text);
            return ExitCode.Done;
        }

        foreach (ShellCommand command in ShellCommands.All)
        {
            string others = command.Names.Length > 1 ? $" (also {string.Join(", ", command.Names[1..])})" : "";
            shell.Terminal.Data($"  {command.Usage,-24}{command.Does}{others}");
        }

        shell.Terminal.Data("  !COMMAND                run a command on this machine");
        try
        {
            FtpReply reply = await shell.Client.SendAsync("HELP", null, cancellationToken);
            if (reply.IsCompletion)
            {
                shell.Terminal.Data($"on the server {shell.Target}:");
                foreach (string line in reply.Lines)
                {
                    shell.Terminal.Data($"  {line.Trim().ToPrintable()}");
                }
            }
        }
        catch (FtpException e)
        {
            // Our own list is what was asked for first, and it works without a server.
            shell.Terminal.Say($"the server's own help cannot be had: {e.Message.ToPrintable()}");
        }

        return ExitCode.Done;
    }

    /// <summary><c>status</c>: what the connection line reports, at any time.</summary>
    public static Task<ExitCode> Status(ClientShell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        FtpClientOptions options = shell.Client.Options;
        string through = options.Proxy is { } proxy ? $" through {proxy.ToString().ToPrintable()}" : "";
        shell.Terminal.Data($"connected to {shell.Target}{through} as {options.Credentials.UserName.ToPrintable()}");
        shell.Terminal.Data(shell.Client.ServerIdentity is { } identity ? $"{Connection.Protection(shell.Client)}: {identity.Fingerprint}" : Connection.Protection(shell.Client));
        return Task.FromResult(ExitCode.Done);
    }

    /// <summary><c>bye</c>.</summary>
    public static Task<ExitCode> Bye(ClientShell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        shell.IsOver = true;
        return Task.FromResult(ExitCode.Done);
    }

    /// <summary><c>ascii</c>: later transfers convert line ends.</summary>
    public static Task<ExitCode> Ascii(ClientShell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) => SetType(shell, FtpTransferType.Ascii);

    /// <summary><c>binary</c>: later transfers leave the bytes as they are.</summary>
    public static Task<ExitCode> Binary(ClientShell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken) => SetType(shell, FtpTransferType.Binary);

    /// <summary><c>type</c>: shows the transfer type; <c>type ascii</c> and <c>type binary</c> set it.</summary>
    public static Task<ExitCode> TypeAsync(ClientShell shell, IReadOnlyList<Word> words, CancellationToken cancellationToken)
    {
        if (words.Count == 0)
        {
            shell.Terminal.Data(shell.Transfers.Type == FtpTransferType.Ascii ? "ascii" : "binary");
            return Task.FromResult(ExitCode.Done);
        }

        return words[0].Text.ToLowerInvariant() switch
        {
            "ascii" or "a" => SetType(shell, FtpTransferType.Ascii),
            "binary" or "image" or "i" => SetType(shell, FtpTransferType.Binary),
            _ => throw new FailureException(ExitCode.Usage, $"type {words[0]}: must be ascii or binary"),
        };
    }

    private static Task<ExitCode> SetType(ClientShell shell, FtpTransferType type)
    {
        TransferChoices transfers = shell.Transfers with { Type = type };
        transfers.Validate();
        shell.Transfers = transfers;
        shell.Terminal.Say(type == FtpTransferType.Ascii
            ? "ascii mode: line ends are converted, and files are not compared or resumed"
            : "binary mode: the bytes are transferred as they are");
        return Task.FromResult(ExitCode.Done);
    }

    private static void Describe(ClientShell shell, string name)
    {
        ShellCommand command = ShellCommands.Find(name) ?? throw new FailureException(
            ExitCode.Usage, $"help: unknown command '{name}'{(Suggestion.For(name, ShellCommands.Names) is { } near ? $"; did you mean {near}?" : "")}");
        shell.Terminal.Data($"usage: {command.Usage}");
        shell.Terminal.Data($"  {command.Does}");
        if (command.Names.Length > 1)
        {
            shell.Terminal.Data($"  other names: {string.Join(", ", command.Names[1..])}");
        }

        foreach (ShellOption option in command.Options)
        {
            shell.Terminal.Data($"  {option.Name,-13}{option.Does}");
        }

        if (command.Completes is NameSide.Local or NameSide.Remote)
        {
            shell.Terminal.Data("  a name with spaces: \"two words\"; * and ? outside quotes are patterns where several files may be named");
        }
    }
}
