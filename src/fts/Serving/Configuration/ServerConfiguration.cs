using System.CommandLine;
using Fts.Cli;
using Fts.Cli.Help;
using Fts.Protocol;

namespace Fts.Serving.Configuration;

/// <summary>
/// The settings of the server from all origins. The command line has priority over the environment, the environment over the configuration
/// file, and the file over the defaults.
/// </summary>
internal sealed class ServerConfiguration
{
    /// <summary>The option with the path of the configuration file.</summary>
    public const string FileOptionName = "--config";

    /// <summary>The variable with the path of the configuration file. The option has priority.</summary>
    public const string FileVariable = "FTS_CONFIG";

    private static readonly Option<string> FileOption = new(FileOptionName)
    {
        HelpName = "FILE",
        Description = $"configuration file (JSON); see fts help config (default: the file that {FileVariable} names)",
    };

    private readonly CommandLine _commandLine;
    private readonly SettingTable _table;
    private readonly Func<string, string?> _getVariable;
    private readonly string? _fileOrigin; // the option or the variable that names the file
    private readonly ConfiguredSettings _configured;

    private ServerConfiguration(
        CommandLine commandLine, SettingTable table, string? fileOrigin, string? fileName, string? file,
        Func<string, string?> getVariable, ICollection<UserErrorException>? errors)
    {
        (_commandLine, _table, _fileOrigin, _getVariable) = (commandLine, table, fileOrigin, getVariable);
        (FileName, File) = (fileName, file);
        _configured = new ConfiguredSettings(
            table, ReadFile(table, fileOrigin, fileName, file, errors), EnvironmentSettings.Read(table, getVariable, errors));
        Line = commandLine.With(_configured);
    }

    /// <summary>The option of the configuration file.</summary>
    public static OptionGroup CommandLineOptions { get; } = new("Configuration", FileOption);

    /// <summary>The configuration file as the user wrote its path, or null if there is none.</summary>
    public string? FileName { get; }

    /// <summary>The full path of the configuration file, or null if there is none.</summary>
    public string? File { get; }

    /// <summary>The configuration file. Empty if there is none.</summary>
    public IReadOnlyList<string> Files => File is null ? [] : [File];

    /// <summary>The command line, with the settings from the other origins.</summary>
    public CommandLine Line { get; private set; }

    /// <summary>Reads the configuration file, if one is given, and the environment.</summary>
    /// <param name="line">The command line of <c>fts server</c>.</param>
    /// <param name="getVariable">Returns the value of an environment variable, or null if it is not set.</param>
    /// <param name="errors">Receives all errors, if not null. Settings with errors then have their defaults.</param>
    /// <exception cref="UserErrorException">The file cannot be read, or it or the environment contains an error.</exception>
    public static ServerConfiguration Load(
        CommandLine line, Func<string, string?> getVariable, ICollection<UserErrorException>? errors = null)
    {
        string? fileName = line.GetValue(FileOption);
        string? origin = fileName is null ? null : FileOptionName;
        if (fileName is null && getVariable(FileVariable) is { Length: > 0 } named)
        {
            (fileName, origin) = (named, FileVariable);
        }

        if (fileName is { Length: 0 })
        {
            throw CommandLine.CreateUsageError($"{FileOptionName} needs a value");
        }

        return new ServerConfiguration(
            line, SettingTable.Server, origin, fileName, fileName is null ? null : Path.GetFullPath(fileName), getVariable, errors);
    }

    /// <summary>Reads the file and the environment again.</summary>
    /// <param name="errors">Receives all errors.</param>
    public ServerConfiguration Reload(ICollection<UserErrorException> errors) =>
        new(_commandLine, _table, _fileOrigin, FileName, File, _getVariable, errors);

    /// <summary>Returns the configuration without some settings, which then have their defaults in <see cref="Line"/>.</summary>
    public ServerConfiguration Without(IReadOnlyCollection<SettingMention> settings)
    {
        var copy = (ServerConfiguration)MemberwiseClone();
        copy.Line = Line.Without(settings);
        return copy;
    }

    /// <summary>The variables with the name of a setting that are ignored, because they describe a service.</summary>
    public IEnumerable<string> IgnoredVariables => EnvironmentSettings.FindIgnored(_table, _getVariable);

    /// <summary>Returns every setting with its values and their origins, in the order of the help page.</summary>
    public IEnumerable<EffectiveSetting> GetEffectiveSettings() => _table.All.Select(GetEffectiveSetting);

    private EffectiveSetting GetEffectiveSetting(SettingDefinition setting)
    {
        if (_commandLine.GetSpecifiedTexts(setting.Name) is { } texts)
        {
            return new EffectiveSetting(setting, [.. texts.Select(text => new ConfiguredValue(text, SettingOrigin.CommandLine))]);
        }

        return new EffectiveSetting(setting, _configured.GetValues(setting.Name));
    }

    private static Dictionary<string, IReadOnlyList<ConfiguredValue>> ReadFile(
        SettingTable table, string? origin, string? fileName, string? file, ICollection<UserErrorException>? errors)
    {
        if (file is null)
        {
            return [];
        }

        byte[] content;
        try
        {
            using FileStream stream = System.IO.File.OpenRead(file);
            byte[] buffer = new byte[ConfigurationFile.MaxBytes + 1];
            content = buffer[..stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false)];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            return Report(new UserErrorException(
                ExitCode.LocalFileError, $"cannot read {origin} {fileName!.ToPrintable()}: {LocalErrorText.Describe(e)}"));
        }

        return content.Length > ConfigurationFile.MaxBytes
            ? Report(CommandLine.CreateUsageError($"{origin} {fileName!.ToPrintable()}: the file is larger than 1 MiB"))
            : ConfigurationFile.Parse(table, fileName!, content, errors);

        Dictionary<string, IReadOnlyList<ConfiguredValue>> Report(UserErrorException error)
        {
            if (errors is null)
            {
                throw error;
            }

            errors.Add(error);
            return [];
        }
    }
}

/// <summary>A setting with the values that apply.</summary>
/// <param name="Definition">The setting.</param>
/// <param name="Values">The values with their origins. Empty if the default applies.</param>
internal sealed record EffectiveSetting(SettingDefinition Definition, IReadOnlyList<ConfiguredValue> Values)
{
    /// <summary>Returns whether the value is the same, or the default, in both settings. The origins may differ.</summary>
    public bool HasSameValue(EffectiveSetting other) => GetTexts().SequenceEqual(other.GetTexts(), StringComparer.Ordinal);

    /// <summary>Returns the values, or the default.</summary>
    private IEnumerable<string> GetTexts() =>
        Values.Count > 0 ? Values.Select(value => value.Text) : Definition.DefaultText is { } text ? [text] : [];
}
