using System.Net;

namespace Fts.Client;

/// <summary>The stages of opening a connection, in their usual order. With implicit TLS, encryption precedes the greeting.</summary>
public enum FtpConnectStage
{
    /// <summary>The client resolves the name of the server.</summary>
    ResolvingName,
    /// <summary>The client opens a TCP connection to an address of the server, or to the proxy.</summary>
    Connecting,
    /// <summary>The client waits for the greeting of the server.</summary>
    AwaitingGreeting,
    /// <summary>The client requests TLS, or performs the TLS handshake.</summary>
    Encrypting,
    /// <summary>The client logs in.</summary>
    LoggingIn,
}

/// <summary>Reports that a stage of opening a connection begins. See <see cref="FtpClientOptions.ConnectProgress"/>.</summary>
/// <param name="Stage">The stage that begins.</param>
/// <param name="Address">The address of the server; null if a proxy is used, and while the name is resolved.</param>
public readonly record struct FtpConnectProgress(FtpConnectStage Stage, IPEndPoint? Address);
