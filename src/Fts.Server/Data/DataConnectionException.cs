namespace Fts.Server.Data;

/// <summary>
/// The exception for a failed data connection. The exception's message is a fixed text without names or addresses, so that replies may
/// contain the message.
/// </summary>
internal sealed class DataConnectionException(string message, Exception? cause = null) : IOException(message, cause);
