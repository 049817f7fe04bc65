using Fts.Cli;
using Fts.Transfers;

// Runs the continuations of sockets on the polling thread. This saves a thread switch per read, and no worker spins. It requires that no
// code blocks on a socket. The runtime reads the variable when the first socket is created.
// This call also makes .NET copy the environment, on which SystemAuthorities depends.
Environment.SetEnvironmentVariable("DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS", "1");

StandardStreams.Initialize();
try
{
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
    // A bug. Users get a line that they can report instead of a stack trace.
    Terminal.Plain.ShowError(new UserError(ExitCode.OtherError, $"unexpected error, please report it: {e.GetType().Name}: {e.Message}"));
    return (int)ExitCode.OtherError;
}

static Task<ExitCode> RunAsync(string[] args) => args switch
{
    [] or ["help" or "--help" or "-h"] => Task.FromResult(HelpCommand.PrintPage(null)),
    ["help", var topic, ..] => Task.FromResult(HelpCommand.PrintPage(topic)),
    ["--version" or "version"] => Task.FromResult(HelpCommand.PrintVersion()),
    [var command, .., "--help" or "-h"] when HelpCommand.IsSubcommand(command) => Task.FromResult(HelpCommand.PrintPage(command)),
    ["server", .. var rest] => ServerCommand.RunAsync(rest),
    ["trust", .. var rest] => TrustCommand.RunAsync(rest),
    ["client", .. var rest] => ClientCommand.RunAsync(rest),
    ["get", .. var rest] => GetCommand.RunAsync(rest),
    ["put", .. var rest] => PutCommand.RunAsync(rest),
    ["mirror", .. var rest] => MirrorCommand.RunAsync(rest),
    [var other, ..] => throw CommandLine.CreateUsageError(
        $"unknown {(other.StartsWith('-') ? "option" : "command")} '{other}'",
        SpellingSuggestion.FindNearest(other, HelpCommand.SubcommandNames),
        "fts server|client|get|put|mirror|trust|help"),
};
