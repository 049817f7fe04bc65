using System.Globalization;
using Fts.Cli;
using Fts.Protocol;

namespace Fts.Shell;

/// <summary>The state of a background command.</summary>
internal enum JobState
{
    /// <summary>Waits until fewer jobs than the limit are running.</summary>
    Queued,
    /// <summary>Is running.</summary>
    Running,
    /// <summary>Has ended successfully.</summary>
    Done,
    /// <summary>Has failed.</summary>
    Failed,
    /// <summary>Was stopped by the user.</summary>
    Stopped,
}

/// <summary>
/// A command that runs in the background (<c>put big.iso &amp;</c>). Its end disposes it (<see cref="Complete"/>).
/// </summary>
/// <param name="number">The number that <c>jobs</c> prints.</param>
/// <param name="line">The command as the user typed it.</param>
/// <param name="run">Runs the command in a shell that uses the given handler, and returns its exit code.</param>
internal sealed class Job(int number, string line, Func<InterruptHandler, Task<ExitCode>> run) : IDisposable
{
    private readonly TaskCompletionSource<ExitCode> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly InterruptHandler _interrupts = new(handlesSignals: false);

    /// <summary>The number that <c>jobs</c> prints.</summary>
    public int Number => number;

    /// <summary>The command as the user typed it.</summary>
    public string Line => line;

    /// <summary>The state. Changed only under the lock of <see cref="Jobs"/>.</summary>
    public JobState State { get; set; }

    /// <summary>Completes with the exit code.</summary>
    public Task<ExitCode> Ended => _ended.Task;

    /// <summary>Runs the command.</summary>
    public Task<ExitCode> RunAsync() => run(_interrupts);

    /// <summary>Cancels the running command.</summary>
    public void Cancel() => _interrupts.CancelCommand();

    /// <summary>Reports the exit code to everything that waits for the job.</summary>
    public void Complete(ExitCode code)
    {
        _ended.SetResult(code);
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose() => _interrupts.Dispose();
}

/// <summary>The background commands of a session. Not more than <see cref="Limit"/> run at the same time; the others wait.</summary>
/// <param name="terminal">Receives messages about jobs that have ended.</param>
internal sealed class Jobs(Terminal terminal)
{
    private readonly Lock _lock = new();
    private readonly List<Job> _jobs = []; // guarded by _lock, like the states of the jobs
    private int _limit = 2, _lastNumber;
    private ExitCode _result = ExitCode.Success; // of the jobs that have ended since the last TakeResult

    /// <summary>The maximum number of running jobs.</summary>
    public int Limit
    {
        get => _limit;
        set
        {
            _limit = value;
            StartQueued();
        }
    }

    /// <summary>The jobs that are queued or running, in the order of their start.</summary>
    public IReadOnlyList<Job> Active
    {
        get
        {
            lock (_lock)
            {
                return [.. _jobs.Where(job => job.State is JobState.Queued or JobState.Running)];
            }
        }
    }

    /// <summary>Adds a job, and starts it unless it must wait.</summary>
    public void Add(string line, Func<InterruptHandler, Task<ExitCode>> run)
    {
        Job job;
        lock (_lock)
        {
            job = new Job(++_lastNumber, line, run);
            _jobs.Add(job);
        }

        StartQueued();
        terminal.WriteMessage(Describe(job));
    }

    /// <summary>Returns the exit code of a failed job that ended since the last call, otherwise success.</summary>
    public ExitCode TakeResult()
    {
        lock (_lock)
        {
            (ExitCode result, _result) = (_result, ExitCode.Success);
            return result;
        }
    }

    /// <summary>Returns a queued or running job by its number.</summary>
    /// <exception cref="UserErrorException">There is no such job.</exception>
    public Job Find(string verb, string number) =>
        Active.FirstOrDefault(job => job.Number.ToString(CultureInfo.InvariantCulture) == number.TrimStart('%'))
        ?? throw new UserErrorException(ExitCode.NotFound, $"{verb}: there is no job {number}", "jobs, to list the jobs");

    /// <summary>Stops a job. Returns immediately; the job then ends with a message.</summary>
    public void Stop(Job job)
    {
        lock (_lock)
        {
            if (job.State == JobState.Running)
            {
                job.Cancel();
                return;
            }

            if (job.State != JobState.Queued)
            {
                return;
            }

            job.State = JobState.Stopped;
        }

        job.Complete(ExitCode.Interrupted);
        terminal.WriteMessage(Describe(job));
    }

    /// <summary>Returns the line of a job for <c>jobs</c>.</summary>
    public string Describe(Job job)
    {
        lock (_lock)
        {
            string state = job.State.ToString().ToLowerInvariant();
            return string.Create(CultureInfo.InvariantCulture, $"[{job.Number}] {state,-8} {job.Line.ToPrintable()}");
        }
    }

    private void StartQueued()
    {
        lock (_lock)
        {
            foreach (Job job in _jobs.Where(job => job.State == JobState.Queued))
            {
                if (_jobs.Count(other => other.State == JobState.Running) >= _limit)
                {
                    break;
                }

                job.State = JobState.Running;
                _ = Task.Run(() => RunAsync(job));
            }
        }
    }

    private async Task RunAsync(Job job)
    {
        ExitCode code = await job.RunAsync();
        lock (_lock)
        {
            _result = ClientShell.CombineExitCodes(_result, code);
            job.State = code switch
            {
                ExitCode.Success => JobState.Done,
                ExitCode.Interrupted => JobState.Stopped,
                _ => JobState.Failed,
            };
        }

        terminal.WriteMessage(Describe(job));
        job.Complete(code);
        lock (_lock)
        {
            _jobs.Remove(job);
        }

        StartQueued();
    }
}
