namespace Fts.Transfers;

/// <summary>
/// Limits the progress lines in a log: one line at the start, then one line every ten seconds or ten percent, at most one line per second.
/// </summary>
internal sealed class LogThrottle
{
    private TimeSpan _lastLogged;
    private int _lastTenth; // the completed tenths at the last line

    /// <summary>Whether no line has been logged yet.</summary>
    public bool IsFirst => _lastLogged == default;

    /// <summary>Returns whether a line is due. If so, the caller must log it.</summary>
    /// <param name="now">The time since the start.</param>
    /// <param name="fraction">The completed fraction, 0 to 1; 0 if it is unknown.</param>
    public bool ShouldLog(TimeSpan now, double fraction)
    {
        int tenth = (int)(fraction * 10);
        double since = (now - _lastLogged).TotalSeconds;
        bool isDue = IsFirst || since >= 10 || (tenth > _lastTenth && since >= 1);
        if (isDue)
        {
            (_lastLogged, _lastTenth) = (now, tenth);
        }

        return isDue;
    }
}
