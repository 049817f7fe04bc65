using Fts.Accounts.Settings;
using Fts.Cli;
using Fts.Native;
using Fts.Protocol;
using Fts.Serving.Accounts;
using Fts.Serving.Logging;
using Microsoft.Win32.SafeHandles;
using static Fts.Native.DirectoryCalls;
using static Fts.Native.FileCalls;

namespace Fts.Serving.Configuration;

/// <summary>
/// Checks for <c>fts config check</c> whether a server could use its files and directories. Creates and changes nothing.
/// </summary>
internal static class StartCheck
{
    /// <summary>Checks the log file, the state directory and the directories of the accounts.</summary>
    /// <param name="line">The settings.</param>
    /// <param name="log">The settings of the log.</param>
    /// <param name="report">Receives the errors of accounts.</param>
    /// <exception cref="UserErrorException">A file or directory of a setting cannot be used.</exception>
    public static void Run(CommandLine line, LogSettings log, Action<UserErrorException> report)
    {
        _ = ServerAccounts.ParseHomes(line);
        if (log.Path is { } path)
        {
            CheckLogFile(path);
        }

        CheckStateDirectory(line, report);
    }

    private static void CheckLogFile(string path)
    {
        string full = Path.GetFullPath(path);
        try
        {
            if (File.Exists(full))
            {
                using FileStream file = File.Open(full, FileMode.Open, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
            }
            else if (Directory.Exists(full))
            {
                throw new IOException("it is a folder");
            }
            else
            {
                RequireWritable(Path.GetDirectoryName(full)!);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CreateError($"{LogSettings.FileOptionName} {path}: cannot write the log file: {LocalErrorText.Describe(e)}");
        }
    }

    private static void CheckStateDirectory(CommandLine line, Action<UserErrorException> report)
    {
        string path = StateDirectory.GetPath(line);
        bool exists = StateDirectory.HasDatabase(path);
        var legacy = LegacySettings.Parse(line);
        if (!exists && legacy is null && !StateDirectory.IsNamed(line))
        {
            return;
        }

        string name = line.GetValue(StateDirectory.PathOption) is { } given
            ? $"{StateDirectory.PathOption.Name} {given}"
            : $"the state folder {path}";
        try
        {
            RequireCreatable(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw CreateError($"{name}: cannot use the folder: {LocalErrorText.Describe(e)}");
        }

        if (!exists)
        {
            legacy?.CheckGroup(new AccountSnapshot(0, [], []));
            return;
        }

        using var state = StateDirectory.Open(path);
        AccountSnapshot accounts;
        try
        {
            accounts = state.Accounts.ReadAll();
        }
        catch (AccountDatabaseException e)
        {
            throw StateDirectory.CreateError(e);
        }

        legacy?.CheckGroup(accounts);
        foreach (ResolvedAccount account in accounts.Resolve().Where(account => account.Settings.IsEnabled))
        {
            CheckDirectories(account, report);
        }
    }

    private static void CheckDirectories(ResolvedAccount account, Action<UserErrorException> report)
    {
        foreach (DirectoryProblem problem in FindProblems(account))
        {
            report(CreateError($"account {account.Settings.Name}: {problem.Description}"));
        }
    }

    /// <summary>Returns the directories of an account that can neither be used nor be created at its first login.</summary>
    public static IEnumerable<DirectoryProblem> FindProblems(ResolvedAccount account)
    {
        if (account.Access.Home is { } home && Find("home", SettingKey.Home, home, RequireCreatable) is { } homeProblem)
        {
            yield return homeProblem;
        }

        foreach (MountSettings mount in account.Access.Mounts)
        {
            if (Find($"mount {mount.Path}", SettingKey.ForMount(mount.Path), mount.Directory, RequireReadable) is { } problem)
            {
                yield return problem;
            }
        }

        DirectoryProblem? Find(string kind, string key, string template, Action<string> require)
        {
            string directory = Path.GetFullPath(DirectoryTemplate.Expand(template, account.Settings.Name));
            try
            {
                require(directory);
                return null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return new DirectoryProblem(kind, directory, account.GetOrigin(key).ToString(), LocalErrorText.Describe(e));
            }
        }
    }

    private static void RequireReadable(string directory) => _ = Directory.EnumerateFileSystemEntries(directory).Any();

    /// <summary>Throws if a directory neither can be used nor can be created with the directories above it.</summary>
    private static void RequireCreatable(string directory)
    {
        if (Directory.Exists(directory))
        {
            RequireReadable(directory);
            return;
        }

        string above = directory;
        while (!Directory.Exists(above) && Path.GetDirectoryName(above) is { } parent)
        {
            if (File.Exists(above))
            {
                throw new IOException($"{above.ToPrintable()} is not a folder");
            }

            above = parent;
        }

        RequireWritable(above);
    }

    private static void RequireWritable(string directory)
    {
        if (!Directory.Exists(directory))
        {
            throw new DirectoryNotFoundException();
        }

        if (!SystemCallNumbers.IsSupported)
        {
            return;
        }

        int descriptor = Openat(AT_FDCWD, directory, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
        if (descriptor < 0)
        {
            throw new UnauthorizedAccessException();
        }

        using var handle = new SafeFileHandle(descriptor, ownsHandle: true);
        if (Faccessat2(handle, ".", W_OK, AT_EACCESS) < 0)
        {
            throw new UnauthorizedAccessException();
        }
    }

    private static UserErrorException CreateError(string message) => new(ExitCode.LocalFileError, message);
}

/// <summary>A directory of an account that cannot be used.</summary>
/// <param name="Kind"><c>home</c>, or <c>mount</c> with its virtual path.</param>
/// <param name="Directory">The path of the directory.</param>
/// <param name="Origin">What set the directory: the account or a group.</param>
/// <param name="Reason">The reason.</param>
internal sealed record DirectoryProblem(string Kind, string Directory, string Origin, string Reason)
{
    /// <summary>The problem as text for the user.</summary>
    public string Description => $"{Kind} {Directory.ToPrintable()} (set by {Origin}): {Reason}";
}
