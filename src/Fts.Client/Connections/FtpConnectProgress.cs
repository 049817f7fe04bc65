using System.Net;

namespace Fts.Client;

/// <summary>The steps of opening a connection, in their usual order. With implicit TLS, encryption precedes the greeting.</summary>
public enum FtpConnectStage
{
    /// <summary>The name of the server is looked up.</summary>
    ResolvingName,
    /// <summary>A TCP connection to an address of the server, or to the proxy, is opened.</summary>
    Connecting,
    /// <summary>The TCP connection is open, and the server's greeting is awaited.</summary>
    AwaitingGreeting,
    /// <summary>TLS is requested, or its handshake runs.</summary>
    Encrypting,
    /// <summary>The client logs in.</summary>
    LoggingIn,
}

/// <summary>A step of opening a connection begins. See <see cref="FtpClientOptions.ConnectProgress"/>.</summary>
/// <param name="Stage">The step.</param>
/// <param name="Address">The address that is tried or connected; null before it is known, and if a proxy resolves the name.</param>
public readonly record struct FtpConnectProgress(FtpConnectStage Stage, IPEndPoint? Address);
