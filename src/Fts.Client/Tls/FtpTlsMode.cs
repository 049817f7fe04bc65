namespace Fts.Client;

/// <summary>Whether the connections to a server are encrypted (RFC 4217). Control and data go together: there is no encrypted control with plain data.</summary>
public enum FtpTlsMode
{
    /// <summary>Plain text: everything, passwords included, can be read on the way.</summary>
    Off,
    /// <summary>
    /// Encrypted if the server offers AUTH TLS, else plain. Keeps listeners out, but not whoever can change what travels: the offer can be taken away.
    /// <see cref="FtpConnection.ServerIdentity"/> tells what came of it.
    /// The first encrypted connection of an <see cref="FtpClient"/> turns this mode into <see cref="Required"/> for that client. A password is sent in plain to
    /// another machine only if <see cref="FtpClientOptions.ConfirmPlainPasswordAsync"/> allows it.
    /// </summary>
    Preferred,
    /// <summary>Encrypted by AUTH TLS before the user's name is sent, or not at all.</summary>
    Required,
    /// <summary>TLS from the first byte, as on port 990.</summary>
    Implicit,
}
