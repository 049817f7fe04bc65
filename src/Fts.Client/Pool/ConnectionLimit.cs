using Fts.Protocol;

namespace Fts.Client.Pool;

/// <summary>
/// Decides how many connections a pool may open at once, and when. If the server refuses a connection because of its own limit, the
/// number is lowered, and then rises again one by one. A connection that fails for another reason only delays the next attempt.
/// </summary>
/// <remarks>Not thread-safe: the pool calls every member under its lock.</remarks>
internal sealed class ConnectionLimit
{
    private static readonly TimeSpan InitialDelay = TimeSpan.FromMilliseconds(500), MaxDelay = TimeSpan.FromSeconds(30);

    /// <summary>Words of a 530 or of a negative greeting that indicate a connection limit.</summary>
    private static readonly string[] LimitWords =
        ["too many", "maximum", "limit", "connections", "one connection", "already logged in", "already connected", "sessions", "simultaneous"];

    /// <summary>Words of a 530 that indicate rejected credentials, such as "too many failed logins".</summary>
    private static readonly string[] CredentialWords = ["fail", "attempt", "password", "incorrect", "invalid", "denied", "expired", "locked"];

    private readonly int _configured;
    private readonly TimeSpan _recovery;
    private readonly TimeProvider _time;
    private int _current;
    private long _loweredAt;
    private int _failureCount;
    private long _failedAt;
    private bool _isLimitReached;

    /// <param name="configured">The highest number of connections.</param>
    /// <param name="recovery">The time after which a lowered number rises by one.</param>
    /// <param name="time">The clock.</param>
    public ConnectionLimit(int configured, TimeSpan recovery, TimeProvider time) =>
        (_configured, _current, _recovery, _time) = (configured, configured, recovery, time);

    /// <summary>
    /// The number of connections allowed now. Reading it raises it by one if the recovery time has passed since the last change.
    /// </summary>
    public int Current
    {
        get
        {
            if (_current < _configured && TimeUntilRecovery <= TimeSpan.Zero)
            {
                _current++;
                _loweredAt = _time.GetTimestamp();
            }

            return _current;
        }
    }

    /// <summary>The time until the number rises by one. <see cref="TimeSpan.MaxValue"/> if it is not lowered, or never recovers.</summary>
    public TimeSpan TimeUntilRecovery => _current == _configured || _recovery == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : _recovery - _time.GetElapsedTime(_loweredAt);

    /// <summary>The time until another connection may be opened after a failure; zero or less if that is now.</summary>
    /// <param name="others">Connections that could serve the caller instead.</param>
    public TimeSpan GetTimeUntilNextOpen(int others)
    {
        // Without another connection, no other one could serve the caller. Only a refusal for too many connections delays the attempt then.
        if (_failureCount == 0 || (others == 0 && !_isLimitReached))
        {
            return TimeSpan.Zero;
        }

        double factor = Math.Pow(2, Math.Min(_failureCount - 1, 10));
        return TimeSpan.FromTicks(Math.Min((long)(InitialDelay.Ticks * factor), MaxDelay.Ticks)) - _time.GetElapsedTime(_failedAt);
    }

    /// <summary>Records that a connection was opened.</summary>
    public void NoteOpened() => (_failureCount, _isLimitReached) = (0, false);

    /// <summary>
    /// Records that a connection could not be opened. The next attempt waits half a second at first, then twice as long each time, at most
    /// 30 seconds.
    /// </summary>
    /// <param name="isRefused">Whether the server refused it because of its connection limit.</param>
    public void NoteFailed(bool isRefused)
    {
        // Attempts made at the same time count once.
        if (_failureCount == 0 || GetTimeUntilNextOpen(others: 1) <= TimeSpan.Zero)
        {
            _failureCount++;
            _failedAt = _time.GetTimestamp();
        }

        _isLimitReached = isRefused;
    }

    /// <summary>Lowers the number to the open connections after a refusal. Returns false if it was not higher.</summary>
    /// <param name="others">Connections that are open or being opened besides the refused one.</param>
    public bool TryLower(int others)
    {
        _loweredAt = _time.GetTimestamp();
        int lowered = Math.Max(1, others);
        if (lowered >= _current)
        {
            return false;
        }

        _current = lowered;
        return true;
    }

    /// <summary>
    /// Returns true if the server refused a connection because it has too many: 421 as its greeting or in reply to the login, or 530 with a
    /// text that indicates a connection limit. Returns false for a refused TCP connection, a reset and a rejected password.
    /// </summary>
    public static bool IsLimitReached(FtpException exception) => exception switch
    {
        FtpTlsException => false,
        FtpConnectionException { Reply: { } reply } => reply.Code == FtpReplyCode.ServiceNotAvailable || MentionsLimit(reply.Text),
        FtpLoginException signIn => MentionsLimit(signIn.Reply.Text),
        _ => false,
    };

    private static bool MentionsLimit(string text) => ContainsAny(text, LimitWords) && !ContainsAny(text, CredentialWords);

    private static bool ContainsAny(string text, string[] words) => Array.Exists(words, word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
}
