using Fts.Cli;
using Fts.Transfers;

// Continuations of a socket run on the thread that polls: one thread hop less per read, and no worker that spins until the next. Nothing here waits for a socket
// without awaiting it. Read once, when the first socket is made.
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
    if (e.Error is not { } failure)
    {
        return (int)ExitCode.Success;
    }

    Terminal.Plain.ShowError(failure);
    return (int)failure.ExitCode;
}
catch (Exception e) when (e is not OutOfMemoryException)
{
    // A fault of ours. Users get a line they can report, not a stack trace.
    Terminal.Plain.ShowError(new UserError(ExitCode.OtherError, $"unexpected: {e.GetType().Name}: {e.Message}"));
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
        $"unknown {(other.StartsWith('-') ? "option" : "command")} '{other}'", SpellingSuggestion.FindNearest(other, HelpCommand.SubcommandNames), "fts server|client|get|put|mirror|trust|help"),
};
