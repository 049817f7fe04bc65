using Fts.Protocol;

namespace Fts.Client;

/// <summary>The operation during which an error occurred.</summary>
public enum FtpOperationPhase
{
    /// <summary>Resolving the name of the server and opening the control connection.</summary>
    Connect,
    /// <summary>Waiting for the greeting.</summary>
    Greeting,
    /// <summary>Sending a command, or waiting for its reply.</summary>
    Reply,
    /// <summary>Negotiating TLS for a control or data connection, including the handshake.</summary>
    Handshake,
    /// <summary>Opening the data connection.</summary>
    OpenData,
    /// <summary>Transferring data.</summary>
    Transfer,
    /// <summary>Waiting for the final reply of a transfer, or for the final reply to another command after a preliminary reply.</summary>
    FinalReply,
    /// <summary>Connecting through a proxy, for a control or data connection.</summary>
    Proxy,
    /// <summary>Waiting for a free connection in the pool of <see cref="FtpClient"/>.</summary>
    Acquire,
}

/// <summary>Thrown if a connection cannot be opened, is lost, or is closed by the server.</summary>
public class FtpConnectionException : FtpException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="phase">The operation during which the error occurred.</param>
    /// <param name="message">The description of the error.</param>
    /// <param name="innerException">The cause, for example a socket error.</param>
    public FtpConnectionException(FtpOperationPhase phase, string message, Exception? innerException = null)
        : base(message, innerException) => Phase = phase;

    /// <summary>The operation during which the error occurred.</summary>
    public FtpOperationPhase Phase { get; }

    /// <summary>
    /// The reply with which the server closed the connection, for example 421, or rejected the connection or TLS. Null if the server sent
    /// no such reply.
    /// </summary>
    public FtpReply? Reply { get; init; }

    /// <summary>Returns true unless <see cref="Reply"/> is a permanent negative reply (5yz).</summary>
    public override bool IsTransient => Reply is not { IsPermanentFailure: true };

    /// <summary>Whether no byte of the command was sent. The command can then be sent over another connection.</summary>
    internal bool IsCommandUnsent { get; init; }
}

/// <summary>Thrown if an operation takes longer than its limit in <see cref="FtpTimeouts"/>.</summary>
public sealed class FtpTimeoutException : FtpConnectionException
{
    /// <summary>Creates the exception. The message contains the phase and the limit.</summary>
    /// <param name="phase">The operation that timed out.</param>
    /// <param name="limit">The time limit that was exceeded.</param>
    /// <param name="innerException">The cause, usually an <see cref="OperationCanceledException"/>.</param>
    public FtpTimeoutException(FtpOperationPhase phase, TimeSpan limit, Exception? innerException = null)
        : base(phase, $"timed out after {limit.TotalSeconds:0.###} s {DescribeWait(phase)}", innerException) => Limit = limit;

    internal FtpTimeoutException(FtpOperationPhase phase, TimeSpan limit, string message, Exception? innerException)
        : base(phase, message, innerException) => Limit = limit;

    /// <summary>The time limit that was exceeded.</summary>
    public TimeSpan Limit { get; }

    private static string DescribeWait(FtpOperationPhase phase) => phase switch
    {
        FtpOperationPhase.Connect => "while connecting",
        FtpOperationPhase.Greeting => "while waiting for the server's greeting",
        FtpOperationPhase.Handshake => "during the TLS handshake",
        FtpOperationPhase.OpenData => "while opening the data connection",
        FtpOperationPhase.Transfer => "without data",
        FtpOperationPhase.FinalReply => "while waiting for the server's final reply",
        FtpOperationPhase.Proxy => "while waiting for the proxy",
        FtpOperationPhase.Acquire => "while waiting for a free connection",
        _ => "while waiting for the server's reply",
    };
}
