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
catch (FailureException e)
{
    Terminal.Plain.Show(e.Failure);
    return (int)e.Failure.Code;
}
catch (OutputException e)
{
    if (e.Failure is not { } failure)
    {
        return (int)ExitCode.Done;
    }

    Terminal.Plain.Show(failure);
    return (int)failure.Code;
}
catch (Exception e) when (e is not OutOfMemoryException)
{
    // A fault of ours. Users get a line they can report, not a stack trace.
    Terminal.Plain.Show(new Failure(ExitCode.Other, $"unexpected: {e.GetType().Name}: {e.Message}"));
    return (int)ExitCode.Other;
}

static Task<ExitCode> RunAsync(string[] args) => args switch
{
    [] or ["help" or "--help" or "-h"] => Task.FromResult(HelpCommand.Run(null)),
    ["help", var topic, ..] => Task.FromResult(HelpCommand.Run(topic)),
    ["--version" or "version"] => Task.FromResult(HelpCommand.Version()),
    [var command, .., "--help" or "-h"] when HelpCommand.Knows(command) => Task.FromResult(HelpCommand.Run(command)),
    ["server", .. var rest] => ServerCommand.RunAsync(rest),
    ["trust", .. var rest] => TrustCommand.RunAsync(rest),
    ["client", .. var rest] => ClientCommand.RunAsync(rest),
    ["get", .. var rest] => GetCommand.RunAsync(rest),
    ["put", .. var rest] => PutCommand.RunAsync(rest),
    ["mirror", .. var rest] => MirrorCommand.RunAsync(rest),
    [var other, ..] => throw CommandLine.Usage(
        $"unknown {(other.StartsWith('-') ? "option" : "command")} '{other}'", Suggestion.For(other, HelpCommand.Names), "fts server|client|get|put|mirror|trust|help"),
};
