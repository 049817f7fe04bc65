using System.Globalization;
using System.Net.Sockets;

namespace Fts.Server.Data;

/// <summary>Describes the reason why a transfer ended early, for replies and log lines.</summary>
internal static class TransferFailure
{
    /// <summary>
    /// Returns the reason why a transfer failed. Returns null if only the exception's message contains the reason. That message may be
    /// logged, but must not be sent in a reply.
    /// </summary>
    public static string? Describe(Transfer transfer, FtpServerOptions options, Exception exception) =>
        Describe(transfer.AbortReason, options) ?? Describe(exception);

    /// <summary>Returns the reason why a transfer was aborted, or null for <see cref="AbortReason.None"/>.</summary>
    public static string? Describe(AbortReason reason, FtpServerOptions options) => reason switch
    {
        AbortReason.ClientSentAbor => "the client sent ABOR",
        AbortReason.Stalled => $"no data was transferred for {FormatSeconds(options.StallTimeout)}",
        AbortReason.NotConnected => $"timed out after {FormatSeconds(options.DataConnectionTimeout)}",
        AbortReason.SessionEnded => "the control connection was closed",
        AbortReason.Superseded => "the client resumed the upload on another connection",
        _ => null,
    };

    private static string? Describe(Exception exception) => exception switch
    {
        DataConnectionException => exception.Message,
        SocketException e => Describe(e.SocketErrorCode),
        ObjectDisposedException => "the data connection was closed",
        _ => exception.InnerException is { } inner ? Describe(inner) : null,
    };

    private static string? Describe(SocketError error) => error switch
    {
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown or SocketError.NotConnected =>
            "the client closed the data connection",
        SocketError.ConnectionRefused => "the client refused the connection",
        SocketError.TimedOut => "the client did not respond",
        SocketError.HostUnreachable or SocketError.HostDown or SocketError.NetworkUnreachable or SocketError.NetworkDown =>
            "the client is unreachable",
        SocketError.TooManyOpenSockets => "the server has too many open files",
        SocketError.NoBufferSpaceAvailable => "the server has too little free memory",
        _ => null,
    };

    private static string FormatSeconds(TimeSpan time) => string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s");
}
