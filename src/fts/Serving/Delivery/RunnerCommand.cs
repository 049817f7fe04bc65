using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.Cli;

namespace Fts.Serving.Delivery;

/// <summary>
/// The process that delivers the events of a server. <c>fts server</c> starts it before it enters the sandbox. Its standard input is a
/// socket that is connected to the server. It ends when the server ends.
/// </summary>
internal static class RunnerCommand
{
    /// <summary>The name of the subcommand, which no help page lists.</summary>
    public const string Name = "event-runner";

    /// <summary>
    /// The maximum number of simultaneous deliveries. The server sends fewer; the limit holds if its process was taken over.
    /// </summary>
    private const int MaxDeliveries = 16;

    /// <summary>Delivers the events that the server sends, until the server closes the connection.</summary>
    /// <exception cref="UserErrorException">The process was not started by a server.</exception>
    public static async Task<ExitCode> RunAsync()
    {
        // These signals are meant for the server. It closes the connection after its transfers, which cause events, have ended.
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => signal.Cancel = true);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => signal.Cancel = true);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => signal.Cancel = true);
        // Clients can often write to the directory of the server, and many programs load files from their directory.
        Directory.SetCurrentDirectory("/");
        using Socket socket = OpenConnection();
        using var lines = new RunnerLines(socket);
        if (await lines.ReadAsync(RunnerJson.Default.RunnerSetup) is not { } setup)
        {
            return ExitCode.Success;
        }

        if (setup.OpenFiles is { } openFiles && OperatingSystem.IsLinux())
        {
            OpenFileLimit.Set(openFiles); // the runner needs few files, and its programs inherit the limit
        }

        using WebhookSender? webhook = setup is { Url: { } url, Secret: { } secret }
            ? new WebhookSender(new Uri(url), secret, TimeProvider.System)
            : null;
        using var ending = new CancellationTokenSource();
        using var slots = new SemaphoreSlim(MaxDeliveries);
        var running = new List<Task>();
        IReadOnlyList<string> environment = ChildProcess.CreateEnvironment();
        while (await lines.ReadAsync(RunnerJson.Default.RunnerRequest) is { } request)
        {
            // A continuation of a socket must not block.
            running.RemoveAll(task => task.IsCompleted);
            await slots.WaitAsync();
            running.Add(Task.Run(
                async () =>
                {
                    try
                    {
                        await DeliverAsync(lines, setup, webhook, environment, request, ending.Token);
                    }
                    finally
                    {
                        slots.Release();
                    }
                },
                CancellationToken.None));
        }

        await ending.CancelAsync(); // kills the running programs
        await Task.WhenAll(running);
        return ExitCode.Success;
    }

    private static Socket OpenConnection()
    {
        try
        {
            const int standardInput = 0;
            var socket = new Socket(new SafeSocketHandle(standardInput, ownsHandle: true));
            return socket.AddressFamily == AddressFamily.Unix
                ? socket
                : throw new SocketException((int)SocketError.AddressFamilyNotSupported);
        }
        catch (SocketException)
        {
            throw CommandLine.CreateUsageError($"{Name} is started by fts server only");
        }
    }

    /// <summary>Delivers one event, and sends the result. Throws no exception.</summary>
    private static async Task DeliverAsync(
        RunnerLines lines, RunnerSetup setup, WebhookSender? webhook, IReadOnlyList<string> environment, RunnerRequest request,
        CancellationToken cancellationToken)
    {
        DeliveryResult result;
        try
        {
            result = request.Target switch
            {
                _ when EventTypes.Find(request.EventType) is null => new DeliveryResult("the type of the event is unknown"),
                ServerDelivery.ProgramName when setup.Command.Count > 0 => await Task.Factory.StartNew(
                    () => RunProgram(setup, environment, request, cancellationToken), CancellationToken.None,
                    TaskCreationOptions.LongRunning, TaskScheduler.Default),
                ServerDelivery.WebhookName when webhook is not null =>
                    await webhook.SendAsync(request.EventId, request.EventType, request.Payload, cancellationToken),
                _ => new DeliveryResult("the target is not configured"),
            };
        }
        catch (OperationCanceledException)
        {
            return; // the server has ended
        }
        catch (Exception e)
        {
            result = new DeliveryResult($"{e.GetType().Name}: {e.Message}");
        }

        try
        {
            await lines.SendAsync(
                new RunnerResponse(request.Number, result.Error, result.Output), RunnerJson.Default.RunnerResponse);
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The server has ended. Its next start delivers the event again.
        }
    }

    private static DeliveryResult RunProgram(
        RunnerSetup setup, IReadOnlyList<string> environment, RunnerRequest request, CancellationToken cancellationToken) =>
        ProgramRun.Run(
            setup.Command,
            [
                .. environment,
                string.Create(CultureInfo.InvariantCulture, $"FTS_EVENT_ID={request.EventId}"),
                $"FTS_EVENT_TYPE={request.EventType}",
            ],
            [.. request.Payload, (byte)'\n'],
            TimeSpan.FromSeconds(setup.TimeLimit),
            cancellationToken);
}
