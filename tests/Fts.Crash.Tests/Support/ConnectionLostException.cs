namespace Fts.CrashTests.Support;

/// <summary>The server closed or reset the connection, or could not be reached.</summary>
internal sealed class ConnectionLostException(Exception? cause = null) : Exception("The connection is lost.", cause);
