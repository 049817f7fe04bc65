using Fts.Cli;
using Fts.Protocol;

namespace Fts.Serving.Configuration;

/// <summary>The settings in environment variables, such as <c>FTS_DATA_TIMEOUT=30s</c>. An empty variable counts as not set.</summary>
internal static class EnvironmentSettings
{
    private const string Prefix = "FTS_";

    /// <summary>Returns the values by the names of the settings.</summary>
    /// <param name="table">The settings.</param>
    /// <param name="getVariable">Returns the value of a variable, or null if it is not set.</param>
    /// <param name="errors">Receives all errors, if not null. Variables with errors are then skipped.</param>
    /// <exception cref="UserErrorException">The value of a switch or of a choice is not allowed.</exception>
    public static Dictionary<string, IReadOnlyList<ConfiguredValue>> Read(
        SettingTable table, Func<string, string?> getVariable, ICollection<UserErrorException>? errors = null)
    {
        var values = new Dictionary<string, IReadOnlyList<ConfiguredValue>>(StringComparer.Ordinal);
        foreach (SettingDefinition setting in table.All)
        {
            if (getVariable(setting.Variable) is { Length: > 0 } text && !ServiceVariables.IsServiceVariable(setting.Variable, text))
            {
                try
                {
                    values.Add(setting.Name, ParseValues(setting, text));
                }
                catch (UserErrorException e) when (errors is not null)
                {
                    errors.Add(e);
                }
            }
        }

        return values;
    }

    /// <summary>Returns the variables with the name of a setting that describe a service, and are therefore ignored.</summary>
    public static IEnumerable<string> FindIgnored(SettingTable table, Func<string, string?> getVariable) => table.All
        .Select(setting => setting.Variable)
        .Where(variable => getVariable(variable) is { Length: > 0 } text && ServiceVariables.IsServiceVariable(variable, text));

    /// <summary>
    /// Returns the variables that are probably misspelt settings, each with the variable that is similar. Unknown variables are not errors,
    /// because other programs and the client use variables with the same prefix.
    /// </summary>
    public static IEnumerable<(string Variable, string Suggestion)> FindMisspelt(
        SettingTable table, IEnumerable<string> variables, Func<string, string?> getVariable)
    {
        string[] known = [.. table.All.Select(setting => setting.Variable[Prefix.Length..].ToLowerInvariant())];
        foreach (string variable in variables.Order(StringComparer.Ordinal))
        {
            if (variable.StartsWith(Prefix, StringComparison.Ordinal)
                && variable[Prefix.Length..].ToLowerInvariant() is var name && !known.Contains(name)
                && variable != ServerConfiguration.FileVariable
                && !ServiceVariables.IsServiceVariable(variable, getVariable(variable) ?? "")
                && SpellingSuggestion.FindNearest(name, known) is { } nearest)
            {
                yield return (variable, Prefix + nearest.ToUpperInvariant());
            }
        }
    }

    private static IReadOnlyList<ConfiguredValue> ParseValues(SettingDefinition setting, string text)
    {
        var origin = new SettingOrigin(OriginKind.Environment, setting.Variable);
        return setting.Kind switch
        {
            SettingKind.Switch => [new ConfiguredValue(ParseSwitch(setting, text) ? "true" : "false", origin, IsQuoted: false)],
            SettingKind.List =>
            [
                .. text.Split([',', ' ', '\t', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries)
                    .Select(value => new ConfiguredValue(value, origin)),
            ],
            _ when setting.Choices.Count > 0 && !setting.Choices.Contains(text) =>
                throw CreateError(setting, text, string.Join(", ", setting.Choices.SkipLast(1)) + " or " + setting.Choices[^1]),
            _ => [new ConfiguredValue(text, origin)],
        };
    }

    private static bool ParseSwitch(SettingDefinition setting, string text) => text.ToLowerInvariant() switch
    {
        "1" or "true" or "yes" or "on" => true,
        "0" or "false" or "no" or "off" => false,
        _ => throw CreateError(setting, text, "1, true, yes, on, 0, false, no or off"),
    };

    private static UserErrorException CreateError(SettingDefinition setting, string text, string allowed) =>
        new(new UserError(ExitCode.UsageError, $"{setting.Variable} \"{text.ToPrintable()}\": must be {allowed}"))
        {
            Mentions = [new SettingMention(setting.Name, text, new SettingOrigin(OriginKind.Environment, setting.Variable))],
        };
}
