using Fts.Protocol;

namespace Fts.Client;

/// <summary>Where in the life of a connection something went wrong.</summary>
public enum FtpOperationPhase
{
    /// <summary>Finding the server's address and opening the control connection.</summary>
    Connect,
    /// <summary>Waiting for the greeting.</summary>
    Greeting,
    /// <summary>Waiting for a command's reply.</summary>
    Reply,
    /// <summary>Agreeing on encryption, for control or data.</summary>
    Handshake,
    /// <summary>Opening the data connection.</summary>
    OpenData,
    /// <summary>Moving data.</summary>
    Transfer,
    /// <summary>Waiting for the reply that ends a transfer.</summary>
    FinalReply,
    /// <summary>Having a proxy connect, for control or data.</summary>
    Proxy,
    /// <summary>Waiting for a free connection of <see cref="FtpClient"/>.</summary>
    Acquire,
}

/// <summary>A connection could not be opened or was lost.</summary>
public class FtpConnectionException : FtpException
{
    /// <summary>A connection that could not be opened or was lost.</summary>
    /// <param name="phase">When.</param>
    /// <param name="message">What happened.</param>
    /// <param name="innerException">What the network said.</param>
    public FtpConnectionException(FtpOperationPhase phase, string message, Exception? innerException = null)
        : base(message, innerException) => Phase = phase;

    /// <summary>When it happened.</summary>
    public FtpOperationPhase Phase { get; }

    /// <summary>The server's last word before it closed (421, or a refusal in place of a greeting); null when it said nothing.</summary>
    public FtpReply? Reply { get; init; }

    /// <summary>True unless the server refused for good.</summary>
    public override bool IsTransient => Reply is not { IsPermanentFailure: true };

    /// <summary>True when no byte of the command left this side, so that it can be sent again on another connection.</summary>
    internal bool IsCommandUnsent { get; init; }
}

/// <summary>A wait took longer than <see cref="FtpTimeouts"/> allows.</summary>
public sealed class FtpTimeoutException : FtpConnectionException
{
    /// <summary>A wait that was given up.</summary>
    /// <param name="phase">What was waited for.</param>
    /// <param name="limit">How long.</param>
    /// <param name="innerException">The wait's own error.</param>
    public FtpTimeoutException(FtpOperationPhase phase, TimeSpan limit, Exception? innerException = null)
        : base(phase, $"gave up after {limit.TotalSeconds:0.###} s {DescribeWait(phase)}", innerException) => Limit = limit;

    internal FtpTimeoutException(FtpOperationPhase phase, TimeSpan limit, string message, Exception? innerException)
        : base(phase, message, innerException) => Limit = limit;

    /// <summary>How long was waited.</summary>
    public TimeSpan Limit { get; }

    private static string DescribeWait(FtpOperationPhase phase) => phase switch
    {
        FtpOperationPhase.Connect => "trying to connect",
        FtpOperationPhase.Greeting => "waiting for the server's greeting",
        FtpOperationPhase.Handshake => "waiting for the TLS handshake",
        FtpOperationPhase.OpenData => "opening the data connection",
        FtpOperationPhase.Transfer => "with no data moving",
        FtpOperationPhase.FinalReply => "waiting for the server to confirm the transfer",
        FtpOperationPhase.Proxy => "waiting for the proxy",
        FtpOperationPhase.Acquire => "waiting for a free connection",
        _ => "waiting for the server's reply",
    };
}
