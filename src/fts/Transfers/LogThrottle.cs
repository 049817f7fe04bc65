namespace Fts.Transfers;

/// <summary>When a log is told of progress: at the start, then every ten seconds or ten percent, never twice within a second.</summary>
internal sealed class LogThrottle
{
    private TimeSpan _last;
    private int _lastTenth;

    /// <summary>Whether nothing was told yet.</summary>
    public bool IsFirst => _last == default;

    /// <summary>Whether it is time for a line; if so, that line counts as told.</summary>
    /// <param name="now">Since the start.</param>
    /// <param name="fraction">How much is done, 0 to 1; 0 when nobody knows.</param>
    public bool ShouldLog(TimeSpan now, double fraction)
    {
        int tenth = (int)(fraction * 10);
        double since = (now - _last).TotalSeconds;
        bool isDue = IsFirst || since >= 10 || (tenth > _lastTenth && since >= 1);
        (_last, _lastTenth) = isDue ? (now, tenth) : (_last, _lastTenth);
        return isDue;
    }
}
