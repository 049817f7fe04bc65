namespace Fts.CrashTests.Support;

/// <summary>The server is not there any more.</summary>
internal sealed class ConnectionLostException(Exception? cause = null) : Exception("The connection is lost.", cause);
