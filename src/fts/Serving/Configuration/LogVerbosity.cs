namespace Fts.Serving.Configuration;

/// <summary>Whether the log has only warnings and errors, which can change while the server runs.</summary>
internal sealed class LogVerbosity
{
    private volatile bool _isQuiet;

    /// <summary>Whether only warnings and errors are logged.</summary>
    public bool IsQuiet
    {
        get => _isQuiet;
        set => _isQuiet = value;
    }
}
