using Fts.Protocol;

namespace Fts.Client.Pool;

/// <summary>
/// Limits the number of connections of a pool, and delays the next attempt after a failure to open one. If the server refuses a connection
/// because of its own limit, the limit of the pool is lowered, and later raised again in steps of one.
/// </summary>
/// <remarks>Not thread-safe: the pool calls every member under its lock.</remarks>
internal sealed class ConnectionLimit
{
    private static readonly TimeSpan InitialDelay = TimeSpan.FromMilliseconds(500), MaxDelay = TimeSpan.FromSeconds(30);

    /// <summary>Phrases in a negative greeting, or in a negative reply to the login, that indicate a connection limit.</summary>
    private static readonly string[] LimitPhrases =
    [
        "too many", "maximum", "limit", "connections", "one connection", "already logged in", "already connected", "sessions",
        "simultaneous",
    ];

    /// <summary>
    /// Phrases that indicate rejected credentials, even if the text also contains a limit phrase, as in "too many failed logins".
    /// </summary>
    private static readonly string[] CredentialPhrases =
        ["fail", "attempt", "password", "incorrect", "invalid", "denied", "expired", "locked"];

    private readonly int _configured;
    private readonly TimeSpan _recovery;
    private readonly TimeProvider _time;
    private int _current;
    private long _recoveryStartedAt;
    private int _failureCount;
    private long _failedAt;
    private bool _isLimitReached;

    /// <param name="configured">The maximum number of connections.</param>
    /// <param name="recovery">The time after which a lowered limit is raised by one.</param>
    /// <param name="time">The clock.</param>
    public ConnectionLimit(int configured, TimeSpan recovery, TimeProvider time) =>
        (_configured, _current, _recovery, _time) = (configured, configured, recovery, time);

    /// <summary>
    /// The current limit. If the recovery time has passed since the last refusal or increase, a read of the property first raises the limit
    /// by one.
    /// </summary>
    public int Current
    {
        get
        {
            if (_current < _configured && TimeUntilRecovery <= TimeSpan.Zero)
            {
                _current++;
                _recoveryStartedAt = _time.GetTimestamp();
            }

            return _current;
        }
    }

    /// <summary>
    /// The time until the limit is raised by one; <see cref="TimeSpan.MaxValue"/> if the limit is not lowered, or is never raised again.
    /// </summary>
    public TimeSpan TimeUntilRecovery => _current == _configured || _recovery == Timeout.InfiniteTimeSpan
        ? TimeSpan.MaxValue
        : _recovery - _time.GetElapsedTime(_recoveryStartedAt);

    /// <summary>Returns the time until another connection may be opened after a failure; zero or less if it may be opened now.</summary>
    /// <param name="others">The number of connections that could serve the caller instead.</param>
    public TimeSpan GetTimeUntilNextOpen(int others)
    {
        // A delay is useful only if another connection may become idle meanwhile. If no other connection exists, only a refusal because
        // of the connection limit delays the next attempt.
        if (_failureCount == 0 || (others == 0 && !_isLimitReached))
        {
            return TimeSpan.Zero;
        }

        double factor = Math.Pow(2, Math.Min(_failureCount - 1, 10));
        return TimeSpan.FromTicks(Math.Min((long)(InitialDelay.Ticks * factor), MaxDelay.Ticks)) - _time.GetElapsedTime(_failedAt);
    }

    /// <summary>Records that a connection was opened.</summary>
    public void RecordOpened() => (_failureCount, _isLimitReached) = (0, false);

    /// <summary>
    /// Records that a connection could not be opened. The delay before the next attempt is 0.5 s, and doubles with each failure up to 30 s.
    /// </summary>
    /// <param name="isRefused">Whether the server refused the connection because of its connection limit.</param>
    public void RecordFailure(bool isRefused)
    {
        // Failures of simultaneous attempts count once.
        if (_failureCount == 0 || GetTimeUntilNextOpen(others: 1) <= TimeSpan.Zero)
        {
            _failureCount++;
            _failedAt = _time.GetTimestamp();
        }

        _isLimitReached = isRefused;
    }

    /// <summary>
    /// Lowers the limit to the number of other connections, but not below 1, after the server refused a connection. Returns false if the
    /// limit was already that low.
    /// </summary>
    /// <param name="others">The number of other connections that are open or being opened.</param>
    public bool TryLower(int others)
    {
        _recoveryStartedAt = _time.GetTimestamp();
        int lowered = Math.Max(1, others);
        if (lowered >= _current)
        {
            return false;
        }

        _current = lowered;
        return true;
    }

    /// <summary>
    /// Returns whether the server refused a connection because of its connection limit: the greeting or a reply to the login has code 421,
    /// or another negative code and a text that indicates a limit. Returns false for a refused TCP connection, a reset and a rejected
    /// password.
    /// </summary>
    public static bool IsLimitReached(FtpException exception) => exception switch
    {
        FtpTlsException => false,
        FtpConnectionException { Reply: { } reply } => reply.Code == FtpReplyCode.ServiceNotAvailable || MentionsLimit(reply.Text),
        FtpLoginException login => MentionsLimit(login.Reply.Text),
        _ => false,
    };

    private static bool MentionsLimit(string text) => ContainsAny(text, LimitPhrases) && !ContainsAny(text, CredentialPhrases);

    private static bool ContainsAny(string text, string[] phrases) =>
        Array.Exists(phrases, phrase => text.Contains(phrase, StringComparison.OrdinalIgnoreCase));
}
