using Fts.Administration;
using Fts.Administration.Events;
using Fts.Cli;
using Fts.Cli.Completion;
using Fts.Doctor;
using Fts.Serving.Delivery;
using Fts.Sync;
using Fts.Transfers;
using Fts.Transfers.Remote;

// This variable makes .NET run the continuations of sockets on the polling thread, which saves a thread switch per read. Code that a
// continuation runs must not block. The interactive client waits for keys and lines while its background commands use their connections, so
// it needs a thread switch. .NET reads the variable when it creates the first socket.
// Setting a variable also makes .NET copy the environment. SystemAuthorities depends on the copy.
bool canBlock = args is ["client" or "open", ..];
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", canBlock ? "0" : "1");

StandardStreams.Initialize();
int exitCode = await RunAndReportAsync(args);
JsonOutput.Current?.WriteResult((ExitCode)exitCode);
return exitCode;

static async Task<int> RunAndReportAsync(string[] args)
{
    try
    {
        JsonOutput.Start(args);
        return (int)await RunAsync(args);
    }
    catch (UserErrorException e)
    {
        Terminal.Plain.ShowError(e.Error);
        return (int)e.Error.ExitCode;
    }
    catch (OutputException e)
    {
        if (e.Error is not { } error)
        {
            return (int)ExitCode.Success;
        }

        Terminal.Plain.ShowError(error);
        return (int)error.ExitCode;
    }
    catch (Exception e) when (e is not OutOfMemoryException)
    {
        // The exception is a bug in fts. The user gets one line to report instead of a stack trace.
        Terminal.Plain.ShowError(
            new UserError(ExitCode.OtherError, $"unexpected error, please report it: {e.GetType().Name}: {e.Message}"));
        return (int)ExitCode.OtherError;
    }
}

static Task<ExitCode> RunAsync(string[] args) => args switch
{
    [] or ["help" or "--help" or "-h"] => Task.FromResult(HelpCommand.PrintPage(null)),
    ["help", HelpCommand.ManualOption] => Task.FromResult(HelpCommand.PrintManualPage()),
    ["help", .. var topic] => Task.FromResult(HelpCommand.PrintPage(string.Join(' ', topic))),
    ["--version" or "version"] => Task.FromResult(HelpCommand.PrintVersion()),
    [var command, .., "--help" or "-h"] when HelpCommand.IsSubcommand(command) => Task.FromResult(HelpCommand.PrintPage(command)),
    ["user", .. var rest] => Task.FromResult(UserCommand.Command.Run(rest)),
    ["group", .. var rest] => Task.FromResult(GroupCommand.Command.Run(rest)),
    ["events", .. var rest] => Task.FromResult(EventsCommand.Command.Run(rest)),
    ["log", .. var rest] => LogCommand.RunAsync(rest),
    ["server", .. var rest] => ServerCommand.RunAsync(rest),
    ["trust", .. var rest] => TrustCommand.RunAsync(rest),
    ["config", .. var rest] => ConfigCommand.RunAsync(rest),
    ["service", .. var rest] => ServiceCommand.RunAsync(rest),
    ["client", .. var rest] => ClientCommand.RunAsync(rest),
    ["get", .. var rest] => GetCommand.RunAsync(rest),
    ["put", .. var rest] => PutCommand.RunAsync(rest),
    ["open", .. var rest] => ClientCommand.RunAsync(rest, ClientCommand.OpenName),
    ["ls", .. var rest] => ListCommand.RunAsync(rest),
    ["cat", .. var rest] => CatCommand.RunAsync(rest),
    ["stat", .. var rest] => StatCommand.RunAsync(rest),
    ["rm", .. var rest] => RemoveCommand.RunAsync(rest),
    ["mv", .. var rest] => MoveCommand.RunAsync(rest),
    ["mkdir", .. var rest] => FolderCommands.MakeAsync(rest),
    ["rmdir", .. var rest] => FolderCommands.RemoveAsync(rest),
    ["mirror", .. var rest] => MirrorCommand.RunAsync(rest),
    ["sync", .. var rest] => SyncCommand.RunAsync(rest),
    ["plan", .. var rest] => PlanCommand.RunAsync(rest),
    ["apply", .. var rest] => ApplyCommand.RunAsync(rest),
    ["completion", .. var rest] => CompletionCommand.RunAsync(rest),
    ["doctor", .. var rest] => DoctorCommand.RunAsync(rest),
    ["status", .. var rest] => StatusCommand.RunAsync(rest),
    ["kick", .. var rest] => KickCommand.RunAsync(rest),
    ["ban", .. var rest] => BanCommand.RunAsync(rest),
    [RunnerCommand.Name] => RunnerCommand.RunAsync(),
    [var other, ..] => throw CommandLine.CreateUsageError(
        $"unknown {(other.StartsWith('-') ? "option" : "command")} '{other}'",
        SpellingSuggestion.FindNearest(other, HelpCommand.SubcommandNames),
        $"fts {string.Join('|', HelpCommand.SubcommandNames.Where(name => name != "version"))}"),
};
