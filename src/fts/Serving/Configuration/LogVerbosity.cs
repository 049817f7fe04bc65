namespace Fts.Serving.Configuration;

/// <summary>How much the log contains, which can change while the server runs.</summary>
internal sealed class LogVerbosity
{
    private volatile bool _isQuiet, _isDebug;

    /// <summary>Whether only warnings and errors are logged.</summary>
    public bool IsQuiet
    {
        get => _isQuiet;
        set => _isQuiet = value;
    }

    /// <summary>Whether debug messages, commands and replies are logged.</summary>
    public bool IsDebug
    {
        get => _isDebug;
        set => _isDebug = value;
    }
}
