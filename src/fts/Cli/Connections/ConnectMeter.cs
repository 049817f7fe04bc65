using Fts.Client;
using Fts.Transfers;

namespace Fts.Cli.Connections;

/// <summary>Shows the steps of a slow connection attempt: a status line on a terminal, a plain line for each step elsewhere.</summary>
internal sealed class ConnectMeter : IProgress<FtpConnectProgress>
{
    /// <summary>The delay before the first step is shown.</summary>
    public static readonly TimeSpan DisplayDelay = TimeSpan.FromSeconds(1);

    private readonly Terminal _terminal;
    private readonly string _target;
    private readonly Lock _lock = new();
    private FtpConnectProgress? _latest;

    /// <summary>Creates a meter that shows nothing until <see cref="WatchAsync"/> is called.</summary>
    /// <param name="terminal">The terminal for the steps.</param>
    /// <param name="target">The server, as displayed.</param>
    public ConnectMeter(Terminal terminal, string target) => (_terminal, _target) = (terminal, target);

    /// <summary>Records the latest step of the attempt.</summary>
    public void Report(FtpConnectProgress value)
    {
        lock (_lock)
        {
            _latest = value;
        }
    }

    /// <summary>
    /// Waits for a connection attempt. Shows the steps of an attempt that takes longer than <see cref="DisplayDelay"/>, unless
    /// <c>--progress never</c> is given.
    /// </summary>
    public async Task WatchAsync(Task connecting)
    {
        if (_terminal.ProgressMode == "never")
        {
            await connecting;
            return;
        }

        using var stopping = new CancellationTokenSource();
        Task drawing = DrawAsync(stopping.Token);
        try
        {
            await connecting;
        }
        finally
        {
            await stopping.CancelAsync();
            await drawing;
        }
    }

    /// <summary>Returns the line for a step.</summary>
    /// <param name="target">The server, as displayed.</param>
    /// <param name="progress">The current step, or null before the first step.</param>
    public static string Format(string target, FtpConnectProgress? progress)
    {
        string stage = progress?.Stage switch
        {
            FtpConnectStage.ResolvingName => "looking up the name",
            FtpConnectStage.Connecting when progress.Value.Address is { } address => $"trying {address}",
            FtpConnectStage.Connecting => "trying the proxy",
            FtpConnectStage.AwaitingGreeting => "waiting for the greeting",
            FtpConnectStage.Encrypting => "starting TLS",
            FtpConnectStage.LoggingIn => "logging in",
            _ => "",
        };
        string at = progress is { Address: { } connected, Stage: not FtpConnectStage.Connecting } && connected.ToString() != target
            ? $" ({connected})"
            : "";
        return stage.Length == 0 ? $"connecting to {target}…" : $"connecting to {target}… {stage}{at}";
    }

    private async Task DrawAsync(CancellationToken cancellationToken)
    {
        string shown = "";
        using var timer = new PeriodicTimer(DisplayDelay);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                timer.Period = TransferMeter.RedrawInterval;
                string text;
                lock (_lock)
                {
                    text = Format(_target, _latest);
                }

                if (_terminal.CanRedraw)
                {
                    // In a narrow terminal, the line omits the server, because the step is more useful.
                    int columns = Terminal.Width - 1;
                    string fitting = DisplayFormat.CountColumns(text) <= columns
                        ? text
                        : text.Replace($" to {_target}", "", StringComparison.Ordinal);
                    _terminal.SetStatus(DisplayFormat.Shorten(fitting, columns));
                }
                else if (text != shown)
                {
                    _terminal.WriteMessage(text);
                }

                shown = text;
            }
        }
        catch (OperationCanceledException)
        {
            // The attempt has succeeded or failed.
        }

        if (shown.Length > 0 && _terminal.CanRedraw)
        {
            _terminal.SetStatus();
        }
    }
}
