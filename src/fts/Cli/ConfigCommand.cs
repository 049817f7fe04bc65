using System.CommandLine;
using Fts.Cli.Help;
using Fts.Protocol;
using Fts.Serving.Configuration;

namespace Fts.Cli;

/// <summary>The <c>fts config</c> subcommand. It checks the settings of the server and prints their origins.</summary>
internal static class ConfigCommand
{
    private const string Check = "check", Schema = "schema";

    private static readonly Option<bool> JsonOption = new("--json") { Description = "print one JSON object per line" };

    /// <summary>The arguments, options and help page of <c>fts config</c>.</summary>
    public static SubcommandDefinition Definition { get; } = new("config", 1, new HelpPage
    {
        Usage = ["fts config check [arguments and options of fts server] [--json]", "fts config schema"],
        Purpose = "Checks the settings of fts server, and prints the origin of each.",
        Examples =
        [
            new("fts config check --config /etc/fts/fts.json", "check a configuration file"),
            new("fts config check 0.0.0.0 21 --tls required", "check a command line and the environment"),
            new("fts config schema > fts-config.schema.json", "create the JSON schema for an editor"),
        ],
        Arguments =
        [
            new("check", "perform the checks of the server's start, without listening, and print each setting"),
            new("schema", "print the JSON schema of the configuration file"),
        ],
        OptionGroups = [new OptionGroup("Output", JsonOption)],
        ExitCodes =
        [
            new("0", "the server would start, if its address and port are free"),
            new("2", "a setting is invalid; all errors are printed"),
            new("11", "a file or folder cannot be used"),
        ],
        Notes =
        [
            "A configuration file is a JSON object. Comments and trailing commas are allowed. The keys are ip, port, debug, and the long " +
            "names of the options of fts server in camel case: --data-timeout is dataTimeout. Switches are true or false. " +
            "Options that may be repeated are arrays.",
            "Each setting can also be an environment variable: --data-timeout is FTS_DATA_TIMEOUT. Switches are 1 or 0. Options that may " +
            "be repeated have values separated by commas or spaces. Empty variables are ignored.",
            "The command line has priority over the environment, and the environment over the file. Write --quiet=false to turn off a " +
            "switch of the file. Relative paths start at the current folder of the server.",
        ],
    });

    /// <summary>The command line of <c>fts config check</c>: that of the server, with the options of this subcommand.</summary>
    private static SubcommandDefinition CheckDefinition => new(
        Definition.Name,
        ServerCommand.Definition.MaxArguments,
        ServerCommand.Definition.Page with
        {
            Usage = [Definition.Page.Usage[0]],
            OptionGroups = [.. ServerCommand.Definition.Page.OptionGroups, .. Definition.Page.OptionGroups],
        });

    /// <summary>Runs <c>fts config</c> and returns its exit code.</summary>
    /// <exception cref="UserErrorException">The command is unknown, a setting is invalid, or a file cannot be used.</exception>
    public static Task<ExitCode> RunAsync(string[] args) => args switch
    {
        [Check, .. var rest] => CheckAsync(new CommandLine(CheckDefinition, rest)),
        [Schema] => Task.FromResult(PrintSchema()),
        [] => throw CommandLine.CreateUsageError("config needs a command", null, Definition.Usage),
        [var other, ..] => throw CommandLine.CreateUsageError(
            other == Schema ? $"unexpected argument '{args[1]}'" : $"unknown command config {other}",
            other == Schema ? null : SpellingSuggestion.FindNearest(other, [Check, Schema]),
            Definition.Usage),
    };

    private static ExitCode PrintSchema()
    {
        Terminal.Plain.WriteData(ConfigurationSchema.Format(SettingTable.Server).TrimEnd('\n'));
        Terminal.Plain.Flush();
        return ExitCode.Success;
    }

    private static void WarnAboutVariables()
    {
        IEnumerable<string> names = Environment.GetEnvironmentVariables().Keys.Cast<string>();
        foreach ((string variable, string suggestion) in EnvironmentSettings.FindMisspelt(
            SettingTable.Server, names, Environment.GetEnvironmentVariable))
        {
            Terminal.Plain.WriteMessage($"warning: {variable.ToPrintable()} is not a setting; did you mean {suggestion}?");
        }

        foreach (string variable in EnvironmentSettings.FindIgnored(SettingTable.Server, Environment.GetEnvironmentVariable))
        {
            Terminal.Plain.WriteMessage($"warning: {variable} is ignored, because it describes a service of a container system");
        }
    }

    private static async Task<ExitCode> CheckAsync(CommandLine line)
    {
        bool isJson = line.HasOption(JsonOption);
        if (isJson)
        {
            Terminal.Plain.WriteData(ConfigurationReport.FormatJsonHeader());
        }

        var loadErrors = new List<UserErrorException>();
        var configuration = ServerConfiguration.Load(line, Environment.GetEnvironmentVariable, loadErrors);
        WarnAboutVariables();
        // The value of a setting that the file or the environment gives wrongly is unknown, so the setting is not printed.
        string[] unknown = [.. loadErrors.SelectMany(error => error.Mentions).Select(mention => mention.Name)];
        EffectiveSetting[] settings =
            [.. configuration.GetEffectiveSettings().Where(setting => !unknown.Contains(setting.Definition.Name))];
        foreach (string text in isJson ? settings.Select(ConfigurationReport.FormatJson) : ConfigurationReport.FormatText(settings))
        {
            Terminal.Plain.WriteData(text);
        }

        ConfigurationErrors errors = await FindErrorsAsync(configuration, loadErrors);
        ExitCode exitCode = errors.All.Count == 0 ? ExitCode.Success : errors.ExitCode;
        if (isJson)
        {
            foreach (UserErrorException error in errors.All)
            {
                Terminal.Plain.WriteData(ConfigurationReport.FormatJsonError(error));
            }

            string? message = errors.All is [var first, ..] ? first.Error.Message : null;
            Terminal.Plain.WriteData(ConfigurationReport.FormatJsonResult(exitCode, message));
        }

        Terminal.Plain.Flush();
        foreach (UserErrorException error in errors.All)
        {
            Terminal.Plain.ShowError(error.Error);
        }

        return exitCode;
    }

    private static async Task<ConfigurationErrors> FindErrorsAsync(
        ServerConfiguration configuration, IReadOnlyList<UserErrorException> loadErrors)
    {
        var errors = new ConfigurationErrors(configuration, loadErrors);
        while (true)
        {
            try
            {
                await ServerCommand.CheckAsync(errors.Remaining, error => errors.Add(error));
                return errors;
            }
            catch (UserErrorException e)
            {
                if (!errors.Add(e))
                {
                    return errors;
                }
            }
        }
    }
}
