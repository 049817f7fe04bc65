using System.Globalization;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;
using Fts.Shell.Settings;
using Fts.Transfers;

namespace Fts.Shell.Commands;

/// <summary>The commands for the settings and the aliases.</summary>
internal static class SettingCommands
{
    /// <summary>The names of the settings, in the order in which <c>set</c> prints them.</summary>
    public static IReadOnlyList<string> Names { get; } = ["existing", "verify", "segments", "type", "debug", "jobs"];

    /// <summary><c>debug on</c> prints each request and reply, and <c>debug off</c> stops that.</summary>
    public static Task<ExitCode> DebugAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count > 0)
        {
            Set(shell, "debug", arguments[0].Text);
        }

        shell.Terminal.WriteMessage($"debug is {Get(shell, "debug")}");
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>set</c> prints the settings of the session, and <c>set NAME VALUE</c> changes one.</summary>
    public static Task<ExitCode> SetAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count == 2)
        {
            Set(shell, arguments[0].Text, arguments[1].Text);
            return Task.FromResult(ExitCode.Success);
        }

        foreach (string name in arguments.Count == 0 ? Names : [arguments[0].Text])
        {
            shell.Terminal.WriteData($"{name,-9} {Get(shell, name)}");
        }

        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>alias</c> lists the aliases, and <c>alias NAME COMMAND…</c> adds one.</summary>
    public static Task<ExitCode> AliasAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count == 0)
        {
            foreach ((string name, string text) in NamedTextFile.Aliases.ReadAll())
            {
                shell.Terminal.WriteData($"{name,-9} {text.ToPrintable()}");
            }

            return Task.FromResult(ExitCode.Success);
        }

        string alias = arguments[0].Text;
        if (ShellCommandTable.Find(alias) is not null)
        {
            throw new UserErrorException(ExitCode.UsageError, $"alias {alias}: this is the name of a command");
        }

        if (arguments.Count == 1)
        {
            string text = NamedTextFile.Aliases.Find(alias)
                ?? throw new UserErrorException(ExitCode.NotFound, $"alias: there is no alias {alias}", "alias, to list the aliases");
            shell.Terminal.WriteData($"{alias,-9} {text.ToPrintable()}");
            return Task.FromResult(ExitCode.Success);
        }

        string verb = arguments[1].Text.Split(' ')[0];
        if (ShellCommandTable.Find(verb) is not { IsRaw: false })
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"alias {alias}: '{verb}' is not a command that an alias can run", "help, to list the commands");
        }

        // A single word may contain the whole command, as in alias l "ls -lht".
        string command = arguments.Count == 2 ? arguments[1].Text
            : string.Join(' ', arguments.Skip(1).Select(CommandFormatter.EscapeName));
        NamedTextFile.Aliases.Set(alias, command);
        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>unalias NAME</c> removes an alias.</summary>
    public static Task<ExitCode> UnaliasAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken) =>
        NamedTextFile.Aliases.Remove(arguments[0].Text)
            ? Task.FromResult(ExitCode.Success)
            : throw new UserErrorException(ExitCode.NotFound, $"unalias: there is no alias {arguments[0]}", "alias, to list the aliases");

    /// <summary>Returns a line with the alias at its start replaced by its command, or the same line.</summary>
    public static string ExpandAlias(string line)
    {
        string name = line.Split([' ', '\t'], 2)[0];
        return ShellCommandTable.Find(name) is null && NamedTextFile.Aliases.Find(name) is { } command
            ? command + line[name.Length..]
            : line;
    }

    private static string Get(ClientShell shell, string name) => name switch
    {
        "existing" => shell.TransferSettings.ExistingFile switch
        {
            ExistingFileAction.Default => "ask",
            var action => action.ToString().ToLowerInvariant(),
        },
        "verify" => shell.TransferSettings.Verification switch
        {
            FtpVerification.ByHash => "always",
            FtpVerification.Length => "never",
            _ => "auto",
        },
        "segments" => shell.TransferSettings.Segments?.ToString(CultureInfo.InvariantCulture) ?? "auto",
        "type" => shell.TransferSettings.Type == FtpTransferType.Ascii ? "ascii" : "binary",
        "debug" => shell.Terminal.ShowsTrace ? "on" : "off",
        "jobs" => shell.Jobs.Limit.ToString(CultureInfo.InvariantCulture),
        _ => throw CreateUnknownSettingError(name),
    };

    private static void Set(ClientShell shell, string name, string value)
    {
        TransferSettings transfers = shell.TransferSettings;
        switch (name)
        {
            case "existing":
                transfers = transfers with
                {
                    ExistingFile = value switch
                    {
                        "ask" => ExistingFileAction.Default,
                        "overwrite" => ExistingFileAction.Overwrite,
                        "skip" => ExistingFileAction.Skip,
                        "resume" => ExistingFileAction.Resume,
                        "update" => ExistingFileAction.Update,
                        _ => throw CreateValueError(name, value, "ask, overwrite, skip, resume or update"),
                    },
                };
                break;
            case "verify":
                transfers = transfers with
                {
                    Verification = value switch
                    {
                        "auto" => FtpVerification.ResumedByHash,
                        "always" => FtpVerification.ByHash,
                        "never" => FtpVerification.Length,
                        _ => throw CreateValueError(name, value, "auto, always or never"),
                    },
                };
                break;
            case "segments":
                transfers = transfers with { Segments = TransferSettings.ParseSegments(value) };
                break;
            case "type":
                transfers = transfers with
                {
                    Type = value switch
                    {
                        "ascii" => FtpTransferType.Ascii,
                        "binary" => FtpTransferType.Binary,
                        _ => throw CreateValueError(name, value, "ascii or binary"),
                    },
                };
                break;
            case "debug":
                shell.Terminal.ShowsTrace = value switch
                {
                    "on" or "1" => true,
                    "off" or "0" => false,
                    _ => throw CreateValueError(name, value, "on or off"),
                };
                break;
            case "jobs":
                bool isNumber = int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out int limit);
                shell.Jobs.Limit = isNumber && limit is >= 1 and <= 16
                    ? limit
                    : throw CreateValueError(name, value, "a number from 1 to 16");
                break;
            default:
                throw CreateUnknownSettingError(name);
        }

        transfers.Validate();
        shell.TransferSettings = transfers;
    }

    private static UserErrorException CreateValueError(string name, string value, string allowed) =>
        new(ExitCode.UsageError, $"set {name} {value}: must be {allowed}");

    private static UserErrorException CreateUnknownSettingError(string name)
    {
        string? suggestion = SpellingSuggestion.FindNearest(name, Names);
        return new UserErrorException(
            ExitCode.UsageError,
            $"set: unknown setting '{name}'{(suggestion is null ? "" : $"; did you mean {suggestion}?")}",
            "set, to list the settings");
    }
}
