using System.Globalization;
using Fts.Cli;

namespace Fts.Shell.Commands;

/// <summary>The commands for background jobs.</summary>
internal static class JobCommands
{
    /// <summary><c>jobs</c> lists the queued and running jobs.</summary>
    public static Task<ExitCode> JobsAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        foreach (Job job in shell.Jobs.Active)
        {
            shell.Terminal.WriteData(shell.Jobs.Describe(job));
        }

        return Task.FromResult(ExitCode.Success);
    }

    /// <summary><c>wait [N]</c> waits for a job or for all jobs, and returns their exit code. Ctrl-C ends the wait only.</summary>
    public static async Task<ExitCode> WaitAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        if (arguments.Count > 0)
        {
            return await shell.Jobs.Find("wait", arguments[0].Text).Ended.WaitAsync(cancellationToken);
        }

        foreach (Job job in shell.Jobs.Active)
        {
            await job.Ended.WaitAsync(cancellationToken);
        }

        return shell.Jobs.TakeResult();
    }

    /// <summary><c>kill N…</c> stops jobs.</summary>
    public static Task<ExitCode> KillAsync(ClientShell shell, IReadOnlyList<ShellWord> arguments, CancellationToken cancellationToken)
    {
        foreach (Job job in arguments.Select(argument => shell.Jobs.Find("kill", argument.Text)).ToArray())
        {
            shell.Jobs.Stop(job);
        }

        return Task.FromResult(ExitCode.Success);
    }

    /// <summary>
    /// Starts a command in the background. It uses the current remote folder, also if the user changes the folder later. It cannot ask
    /// questions and shows no progress.
    /// </summary>
    /// <exception cref="UserErrorException">The command cannot run in the background.</exception>
    public static async Task<ExitCode> StartAsync(
        ClientShell shell, string line, ShellCommand command, CommandArguments arguments, CancellationToken cancellationToken)
    {
        if (!command.CanRunInBackground)
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"{command.Names[0]} &: only put, get, mput, mget and mirror can run in the background");
        }

        // A relative path would depend on a later cd, which changes the folder of all connections.
        string folder = await shell.CurrentDirectory.GetPathAsync(shell.Client, cancellationToken);
        if (!folder.StartsWith('/'))
        {
            throw new UserErrorException(
                ExitCode.UsageError, $"{command.Names[0]} &: the paths of this server do not allow commands in the background");
        }

        ClientShell CreateShell(InterruptHandler interrupts) => shell.CreateBackgroundShell(folder, interrupts);
        shell.Jobs.Add(line, interrupts =>
        {
            ClientShell background = CreateShell(interrupts);
            return background.RunOnceAsync(line, cancel => command.Handler(background, arguments, cancel));
        });
        return ExitCode.Success;
    }

    /// <summary>
    /// Waits for the jobs at the end of a session. On a terminal, asks whether to wait or to stop them. Returns the exit code of a failed
    /// job.
    /// </summary>
    public static async Task<ExitCode> FinishAsync(ClientShell shell, CancellationToken cancellationToken)
    {
        IReadOnlyList<Job> jobs = shell.Jobs.Active;
        if (jobs.Count == 0)
        {
            return shell.Jobs.TakeResult();
        }

        string count = string.Create(CultureInfo.InvariantCulture, $"{jobs.Count} job{(jobs.Count == 1 ? " is" : "s are")} running");
        bool shouldWait = !shell.CanAsk || shell.AskUser($"{count}. Wait until {(jobs.Count == 1 ? "it ends" : "they end")}? [Y/n] ")
            is "" or "y" or "yes";
        using CancellationTokenRegistration stopping = cancellationToken.Register(StopAll);
        if (!shouldWait)
        {
            StopAll();
        }

        foreach (Job job in jobs)
        {
            await job.Ended;
        }

        return shell.Jobs.TakeResult();

        void StopAll()
        {
            foreach (Job job in jobs.Reverse())
            {
                shell.Jobs.Stop(job);
            }
        }
    }
}
