using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The commands for help, the transfer type and the end of a session.</summary>
internal static class SessionCommands
{
    /// <summary>
    /// <c>help</c> lists the commands, and <c>help COMMAND</c> describes a command. <c>help server</c> prints the reply to HELP (RFC 959
    /// §4.1.3).
    /// </summary>
    public static async Task<ExitCode> HelpAsync(
        ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count > 0 && arguments[0].Text == ShellHelp.ServerTopic)
        {
            await PrintServerHelpAsync(shell, arguments.Count == 1 ? null : arguments[1].Text, cancellationToken);
            return ExitCode.Success;
        }

        if (arguments.Count > 1)
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"help: too many arguments; usage: help [COMMAND], or {ShellHelp.ServerUsage}");
        }

        foreach (string line in arguments.Count == 0 ? ShellHelp.FormatList() : DescribeCommand(arguments[0].Text))
        {
            shell.Terminal.WriteData(line);
        }

        return ExitCode.Success;
    }

    /// <summary><c>bye</c> ends the session.</summary>
    public static Task<ExitCode> ByeAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        shell.ShouldExit = true;
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>ascii</c> selects ASCII mode: later transfers convert line ends.</summary>
    public static Task<ExitCode> AsciiAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        SetTypeAsync(shell, FtpTransferType.Ascii);

    /// <summary><c>binary</c> selects binary mode: later transfers do not change the bytes.</summary>
    public static Task<ExitCode> BinaryAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        SetTypeAsync(shell, FtpTransferType.Binary);

    /// <summary><c>type</c> prints the transfer type. <c>type ascii</c> and <c>type binary</c> set it.</summary>
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

    private static async Task PrintServerHelpAsync(ClientShell shell, string? verb, CancellationToken cancellationToken)
    {
        FtpReply reply = await shell.Client.SendAsync("HELP", verb, cancellationToken);
        if (!reply.IsCompletion)
        {
            string operation = $"help {ShellHelp.ServerTopic}{(verb is null ? "" : $" {verb}")}";
            throw new UserErrorException(new UserError(
                ExitCode.OtherError,
                $"{operation}: {shell.Target} sent no help",
                $"{(int)reply.Code} {ExceptionTranslator.GetLastLine(reply)}",
                "help, to list the commands of fts"));
        }

        foreach (string line in reply.Lines)
        {
            shell.Terminal.WriteData(line.Trim().ToPrintable());
        }
    }

    private static IReadOnlyList<string> DescribeCommand(string name)
    {
        if (name == ShellHelp.LocalProgramPrefix)
        {
            return ShellHelp.FormatLocalProgram();
        }

        if (ShellCommandTable.Find(name) is { } command)
        {
            return ShellHelp.FormatCommand(command);
        }

        string? suggestion = SpellingSuggestion.FindNearest(name, ShellHelp.Topics);
        throw new UserErrorException(
            ExitCode.UsageError, $"help: unknown command '{name}'{(suggestion is null ? "" : $"; did you mean {suggestion}?")}");
    }

    private static Task<ExitCode> SetTypeAsync(ClientShell shell, FtpTransferType type)
    {
        TransferSettings transfers = shell.TransferSettings with { Type = type };
        transfers.Validate();
        shell.TransferSettings = transfers;
        shell.Terminal.WriteMessage(type == FtpTransferType.Ascii
            ? "ascii mode: line ends are converted, and files are not verified or resumed"
            : "binary mode: bytes are transferred unchanged");
        return Task.FromResult(ExitCode.Success);
    }
}
