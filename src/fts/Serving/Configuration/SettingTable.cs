using System.Globalization;
using Fts.Cli;
using Fts.Cli.Connections;

namespace Fts.Serving.Configuration;

/// <summary>
/// All settings of a subcommand: its arguments and its options. The table is derived from the definition of the subcommand, so that a new
/// option is a setting at once.
/// </summary>
internal sealed class SettingTable
{
    /// <summary>The argument that allows 0 and 1 only. The help page has no list of its values.</summary>
    public const string DebugArgument = "debug";

    private readonly Dictionary<string, SettingDefinition> _byName = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SettingDefinition> _byKey = new(StringComparer.Ordinal);

    /// <summary>Creates the table of a subcommand.</summary>
    /// <param name="definition">The subcommand.</param>
    /// <param name="excludedOptions">Options that are not settings, such as the option with the name of the configuration file.</param>
    public SettingTable(SubcommandDefinition definition, params IReadOnlyList<string> excludedOptions)
    {
        IEnumerable<SettingDefinition> arguments = definition.Page.Arguments.Select(argument => new SettingDefinition(
            argument.Term, SettingKind.Text, argument.Description, argument.Term == DebugArgument ? ["0", "1"] : [])
        {
            GetDefault = argument.Term switch
            {
                "ip" => () => "127.0.0.1",
                "port" => () => Target.DefaultPort.ToString(CultureInfo.InvariantCulture),
                _ => null,
            },
        });
        All =
        [
            .. arguments,
            .. definition.Options.Where(option => !excludedOptions.Contains(option.Name)).Select(SettingDefinition.FromOption),
        ];
        foreach (SettingDefinition setting in All)
        {
            _byName.Add(setting.Name, setting);
            _byKey.Add(setting.Key, setting);
        }
    }

    /// <summary>The settings of <c>fts server</c>.</summary>
    public static SettingTable Server { get; } = new(ServerCommand.Definition, ServerConfiguration.FileOptionName);

    /// <summary>All settings, in the order of the help page.</summary>
    public IReadOnlyList<SettingDefinition> All { get; }

    /// <summary>Returns the setting with a name of the command line, or null if there is none.</summary>
    public SettingDefinition? FindByName(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Returns the setting with a key of the configuration file, or null if there is none.</summary>
    public SettingDefinition? FindByKey(string key) => _byKey.GetValueOrDefault(key);
}
