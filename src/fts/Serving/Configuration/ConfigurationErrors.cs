using Fts.Cli;

namespace Fts.Serving.Configuration;

/// <summary>
/// Collects all errors of a configuration. A check throws its first error. This class removes the setting with the error, so that the
/// caller can repeat the check without it.
/// </summary>
internal sealed class ConfigurationErrors
{
    /// <summary>The setting whose values are the words of one command.</summary>
    private const string CommandName = "--on-event";

    private const int MaxErrors = 200;

    private readonly ServerConfiguration _configuration;
    private readonly List<SettingMention> _excluded;
    private readonly List<UserErrorException> _errors;

    /// <summary>Starts with a loaded configuration.</summary>
    /// <param name="configuration">The configuration.</param>
    /// <param name="loadErrors">The errors of the file and of the environment.</param>
    public ConfigurationErrors(ServerConfiguration configuration, IReadOnlyList<UserErrorException> loadErrors)
    {
        (_configuration, _errors) = (configuration, [.. loadErrors]);
        _excluded = [.. loadErrors.SelectMany(error => error.Mentions).Select(mention => mention with { Text = null })];
    }

    /// <summary>The errors, in the order of the checks.</summary>
    public IReadOnlyList<UserErrorException> All => _errors;

    /// <summary>The configuration without the settings that have errors.</summary>
    public ServerConfiguration Remaining => _excluded.Count == 0 ? _configuration : _configuration.Without(_excluded);

    /// <summary>The exit code: 2 if a setting is invalid, otherwise that of the first error.</summary>
    public ExitCode ExitCode =>
        _errors.Any(error => error.Error.ExitCode == ExitCode.UsageError) || _errors.Count == 0
            ? ExitCode.UsageError
            : _errors[0].Error.ExitCode;

    /// <summary>
    /// Adds an error. Returns whether the check can be repeated without its setting. An error that only follows from a removed setting is
    /// not added.
    /// </summary>
    public bool Add(UserErrorException error)
    {
        UserErrorException described = _configuration.Line.DescribeOrigin(error);
        SettingMention? subject = described.Mentions.FirstOrDefault(mention => mention.Text is not null && !IsExcluded(mention));
        bool isConsequence = described.Mentions.Any(
            mention => mention.Name != subject?.Name && _excluded.Any(excluded => excluded.Name == mention.Name));
        if (!isConsequence)
        {
            _errors.Add(described);
        }

        if (subject is null || _excluded.Count >= MaxErrors)
        {
            return false;
        }

        bool isList = SettingTable.Server.FindByName(subject.Name) is { Kind: SettingKind.List };
        _excluded.Add(isList && subject.Name != CommandName ? subject : subject with { Text = null });
        return true;
    }

    private bool IsExcluded(SettingMention mention) =>
        _excluded.Any(excluded => excluded.Name == mention.Name && (excluded.Text is null || excluded.Text == mention.Text));
}
