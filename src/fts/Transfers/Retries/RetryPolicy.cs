using System.Globalization;
using System.Net.Sockets;
using Fts.Cli;
using Fts.Client;
using Fts.Protocol;

namespace Fts.Transfers.Retries;

/// <summary>
/// Repeats operations that fail with a transient error: a lost connection, or a negative reply that starts with 4. The delays double with
/// each attempt and have a random part, so that many clients do not return to a server at the same moment.
/// </summary>
/// <param name="Attempts">The maximum number of attempts, including the first one.</param>
/// <param name="FirstDelay">The delay before the second attempt, without its random part.</param>
internal sealed record RetryPolicy(int Attempts, TimeSpan FirstDelay)
{
    /// <summary>The default number of attempts, and their maximum.</summary>
    public const int DefaultAttempts = 5, MaxAttempts = 1000;

    /// <summary>The maximum delay, without its random part.</summary>
    private static readonly TimeSpan MaxDelay = TimeSpan.FromMinutes(1);

    /// <summary>Repeats nothing.</summary>
    public static RetryPolicy None { get; } = new(1, TimeSpan.Zero);

    /// <summary>Runs an operation until it succeeds, fails permanently, or all attempts have failed.</summary>
    /// <param name="terminal">Receives a message before each repeated attempt.</param>
    /// <param name="operation">The operation, given the number of the attempt, starting at 1.</param>
    /// <param name="shouldRetry">Returns whether to repeat the operation after an exception.</param>
    /// <param name="describeKept">Returns the kept part of the transfer, such as <c>61 % kept</c>; null or empty for none.</param>
    /// <param name="cancellationToken">Cancels the operation and the delays.</param>
    public async Task<T> RunAsync<T>(
        Terminal terminal,
        Func<int, Task<T>> operation,
        Func<Exception, bool> shouldRetry,
        Func<string?>? describeKept,
        CancellationToken cancellationToken)
    {
        for (int attempt = 1; ; attempt++)
        {
            try
            {
                return await operation(attempt);
            }
            catch (Exception e) when (attempt < Attempts && shouldRetry(e) && !cancellationToken.IsCancellationRequested)
            {
                await DelayAsync(terminal, DescribeReason(e), attempt, describeKept?.Invoke(), cancellationToken);
            }
        }
    }

    /// <summary>Announces the next attempt, and waits for it.</summary>
    /// <param name="terminal">Receives the message.</param>
    /// <param name="reason">The reason of the failure.</param>
    /// <param name="failedAttempts">The number of failed attempts.</param>
    /// <param name="kept">The kept part of the transfer; null or empty for none.</param>
    /// <param name="cancellationToken">Cancels the delay.</param>
    public async Task DelayAsync(
        Terminal terminal, string reason, int failedAttempts, string? kept, CancellationToken cancellationToken)
    {
        TimeSpan delay = GetDelay(failedAttempts, Random.Shared.NextDouble());
        terminal.WriteMessage(FormatAnnouncement(reason, failedAttempts + 1, delay, kept));
        JsonOutput.Current?.WriteRetry(failedAttempts + 1, Attempts, delay, reason);
        await Task.Delay(delay, cancellationToken);
    }

    /// <summary>Returns the delay after a number of failed attempts.</summary>
    /// <param name="failedAttempts">The number of failed attempts, 1 or more.</param>
    /// <param name="random">A random number from 0 to 1. It changes the delay by up to a quarter in both directions.</param>
    public TimeSpan GetDelay(int failedAttempts, double random)
    {
        double seconds = Math.Min(FirstDelay.TotalSeconds * Math.Pow(2, failedAttempts - 1), MaxDelay.TotalSeconds);
        return TimeSpan.FromSeconds(seconds * (0.75 + (random / 2)));
    }

    /// <summary>Returns the message before a repeated attempt: <c>connection lost, attempt 2 of 5 in 3 s (61 % kept)</c>.</summary>
    public string FormatAnnouncement(string reason, int attempt, TimeSpan delay, string? kept)
    {
        string seconds = Math.Round(delay.TotalSeconds, MidpointRounding.AwayFromZero).ToString(CultureInfo.InvariantCulture);
        string keptText = string.IsNullOrEmpty(kept) ? "" : $" ({kept})";
        return string.Create(CultureInfo.InvariantCulture, $"{reason}, attempt {attempt} of {Attempts} in {seconds} s{keptText}");
    }

    /// <summary>Returns the reason of a failure for the announcement.</summary>
    public static string DescribeReason(Exception e)
    {
        FtpReply? reply = e switch
        {
            FtpReplyException { Reply: var negative } => negative,
            FtpConnectionException { Reply: var last } => last,
            _ => null,
        };
        string reason = e switch
        {
            FtpReplyException => "refused for now",
            FtpTimeoutException => $"no answer: {e.Message}",
            FtpConnectionException { Phase: FtpOperationPhase.Connect or FtpOperationPhase.Greeting or FtpOperationPhase.Proxy } =>
                "cannot connect",
            FtpConnectionException { Phase: FtpOperationPhase.OpenData } => "cannot open a data connection",
            FtpIntegrityException => "the transfer is incomplete",
            _ => "connection lost",
        };
        return reply is null ? reason : $"{reason}: {(int)reply.Code} {ExceptionTranslator.GetLastLine(reply)}";
    }

    /// <summary>
    /// Returns whether a transfer or listing may succeed if it is repeated. Login and trust errors are permanent. A full disk is permanent,
    /// too, although its reply 452 starts with 4.
    /// </summary>
    public static bool IsTransient(Exception e) => e switch
    {
        FtpLoginException { Reply: var reply } => reply.Code == FtpReplyCode.ServiceNotAvailable,
        FtpReplyException { Reply.Code: FtpReplyCode.InsufficientStorage } => false,
        FtpReplyException { Reply: var reply } => IsTransient(reply),
        FtpTlsException { Failure: var failure } => failure == FtpTlsFailure.Truncated,
        FtpConnectionException connection => connection.IsTransient,
        FtpIntegrityException { Failure: var failure } => failure is not (FtpIntegrityFailure.Content or FtpIntegrityFailure.Unverified),
        _ => false,
    };

    /// <summary>
    /// Returns whether an upload may succeed if it is repeated. If the server confirmed an upload but stored another length, a repetition
    /// would have the same result.
    /// </summary>
    public static bool IsTransientUpload(Exception e) => e is not FtpIntegrityException && IsTransient(e);

    /// <summary>
    /// Returns whether the first connection may succeed later. A refused connection, an unknown name and an unreachable network are usually
    /// mistakes in the command, so that they are reported at once.
    /// </summary>
    public static bool IsTransientConnect(Exception e) => IsTransient(e) && FindSocketError(e) is not (
        SocketError.ConnectionRefused or SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain
        or SocketError.HostUnreachable or SocketError.NetworkUnreachable or SocketError.AddressFamilyNotSupported);

    /// <summary>Returns whether a command that changes the server may be repeated: only if the server has refused it for now.</summary>
    public static bool IsRefusedForNow(Exception e) => e is FtpReplyException && IsTransient(e);

    private static bool IsTransient(FtpReply reply) => (int)reply.Code is >= 400 and < 500;

    private static SocketError? FindSocketError(Exception e) =>
        (e.InnerException as SocketException ?? e.InnerException?.InnerException as SocketException)?.SocketErrorCode;
}
