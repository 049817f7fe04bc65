using Fts.Cli;
using Fts.Protocol;
using Fts.Serving.Logging;
using Microsoft.Extensions.Logging;

namespace Fts.Serving.Configuration;

/// <summary>
/// Reads the configuration file again while the server runs. Applies the settings that can change, and logs the others. An invalid file
/// changes nothing.
/// </summary>
/// <param name="running">The configuration with which the server was started.</param>
/// <param name="verbosity">What the log contains, which changes with the settings <c>quiet</c> and <c>debug</c>.</param>
/// <param name="logger">The logger.</param>
internal sealed class ConfigurationReload(ServerConfiguration running, LogVerbosity verbosity, ILogger logger)
{
    private static readonly Action<ILogger, string, string, Exception?> LogNeedsRestart = LoggerMessage.Define<string, string>(
        LogLevel.Warning, new EventId(200, "SettingNeedsRestart"), "setting {Setting} changed in {File}, restart to apply");

    private static readonly Action<ILogger, string, string, Exception?> LogApplied = LoggerMessage.Define<string, string>(
        LogLevel.Information, new EventId(201, "SettingApplied"), "setting {Setting} changed in {File}, applied");

    private static readonly Action<ILogger, string, Exception?> LogRejected = LoggerMessage.Define<string>(
        LogLevel.Error, new EventId(202, "ConfigurationRejected"), "{Reason}; the running settings stay");

    /// <summary>
    /// Reads the file, and applies or logs the changed settings. Does nothing without a configuration file. Throws no exception.
    /// </summary>
    public void Run()
    {
        if (running.FileName is not { } file)
        {
            return;
        }

        try
        {
            var loadErrors = new List<UserErrorException>();
            ServerConfiguration next = running.Reload(loadErrors);
            IReadOnlyList<UserErrorException> errors = FindErrors(next, loadErrors);
            foreach (UserErrorException error in errors)
            {
                LogRejected(logger, error.Error.Message, null);
            }

            if (errors.Count > 0)
            {
                return;
            }

            foreach ((EffectiveSetting before, EffectiveSetting after) in running.GetEffectiveSettings().Zip(next.GetEffectiveSettings()))
            {
                if (after.Definition.Name == LogSettings.QuietOption.Name)
                {
                    ApplyQuiet(next.Line.HasOption(LogSettings.QuietOption), after.Definition.Key, file);
                }
                else if (after.Definition.Name == SettingTable.DebugArgument)
                {
                    ApplyDebug(next.Line.IsDebug(ServerSettings.DebugIndex), after.Definition.Key, file);
                }
                else if (!before.HasSameValue(after))
                {
                    LogNeedsRestart(logger, after.Definition.Key, file.ToPrintable(), null);
                }
            }
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // SIGHUP must never end the process.
            LogRejected(logger, $"{file.ToPrintable()}: {e.Message}", null);
        }
    }

    private void ApplyDebug(bool isDebug, string key, string file)
    {
        if (verbosity.IsDebug != isDebug)
        {
            verbosity.IsDebug = isDebug;
            LogApplied(logger, key, file.ToPrintable(), null);
        }
    }

    private void ApplyQuiet(bool isQuiet, string key, string file)
    {
        if (verbosity.IsQuiet == isQuiet)
        {
            return;
        }

        verbosity.IsQuiet = false; // so that the change itself is logged
        LogApplied(logger, key, file.ToPrintable(), null);
        verbosity.IsQuiet = isQuiet;
    }

    /// <summary>
    /// Returns all errors of values. Files that a setting names are not checked, because the sandbox may not allow reading new files.
    /// </summary>
    private static IReadOnlyList<UserErrorException> FindErrors(ServerConfiguration next, IReadOnlyList<UserErrorException> loadErrors)
    {
        var errors = new ConfigurationErrors(next, loadErrors);
        while (true)
        {
            try
            {
                _ = ServerSettings.Parse(errors.Remaining.Line);
                return errors.All;
            }
            catch (UserErrorException e) when (e.Error.ExitCode == ExitCode.LocalFileError)
            {
                return errors.All; // the next start reports the file
            }
            catch (UserErrorException e)
            {
                if (!errors.Add(e))
                {
                    return errors.All;
                }
            }
        }
    }
}
