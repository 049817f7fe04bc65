using Fts.Protocol;

namespace Fts.Client;

/// <summary>
/// How many connections a pool may open at once, and when. A server that refuses a connection because of its own limit lowers the number, which recovers one by one.
/// A connection that could not be opened for another reason only delays the next attempt.
/// </summary>
/// <remarks>Not thread-safe: the pool calls every member under its lock.</remarks>
internal sealed class ConnectionLimit
{
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(500), LongestDelay = TimeSpan.FromSeconds(30);

    /// <summary>Words of a 530 or of a negative greeting that name a connection limit.</summary>
    private static readonly string[] LimitWords =
        ["too many", "maximum", "limit", "connections", "one connection", "already logged in", "already connected", "sessions", "simultaneous"];

    /// <summary>Words of a 530 about the credentials, such as "too many failed logins".</summary>
    private static readonly string[] CredentialWords = ["fail", "attempt", "password", "incorrect", "invalid", "denied", "expired", "locked"];

    private readonly int _configured;
    private readonly TimeSpan _recovery;
    private readonly TimeProvider _time;
    private int _current;
    private long _lowered;
    private int _failures;
    private long _failed;
    private bool _isRefused;

    /// <param name="configured">The most connections ever allowed.</param>
    /// <param name="recovery">The time after which a lowered number rises by one.</param>
    /// <param name="time">The clock.</param>
    public ConnectionLimit(int configured, TimeSpan recovery, TimeProvider time) =>
        (_configured, _current, _recovery, _time) = (configured, configured, recovery, time);

    /// <summary>The number of connections allowed now. Raises it by one if the last change is old enough.</summary>
    public int Current
    {
        get
        {
            if (_current < _configured && UntilRecovery <= TimeSpan.Zero)
            {
                _current++;
                _lowered = _time.GetTimestamp();
            }

            return _current;
        }
    }

    /// <summary>The time until the number rises by one. Infinite if it is not lowered, or never recovers.</summary>
    public TimeSpan UntilRecovery => _current == _configured || _recovery == Timeout.InfiniteTimeSpan ? TimeSpan.MaxValue : _recovery - _time.GetElapsedTime(_lowered);

    /// <summary>The time until another connection may be opened after a failure; zero or less if that is now.</summary>
    /// <param name="others">Connections that could serve the caller instead.</param>
    public TimeSpan UntilNextOpen(int others)
    {
        // Without another connection nothing else could serve the caller, so that only a server which said "too many" is left alone for a while.
        if (_failures == 0 || (others == 0 && !_isRefused))
        {
            return TimeSpan.Zero;
        }

        double factor = Math.Pow(2, Math.Min(_failures - 1, 10));
        return TimeSpan.FromTicks(Math.Min((long)(FirstDelay.Ticks * factor), LongestDelay.Ticks)) - _time.GetElapsedTime(_failed);
    }

    /// <summary>Records that a connection was opened.</summary>
    public void NoteOpened() => (_failures, _isRefused) = (0, false);

    /// <summary>Records that a connection could not be opened, so that the next attempt waits: half a second at first, then twice as long each time, at most 30 seconds.</summary>
    /// <param name="isRefused">Whether the server refused it because of its connection limit.</param>
    public void NoteFailed(bool isRefused)
    {
        // Attempts made at the same time count once.
        if (_failures == 0 || UntilNextOpen(others: 1) <= TimeSpan.Zero)
        {
            _failures++;
            _failed = _time.GetTimestamp();
        }

        _isRefused = isRefused;
    }

    /// <summary>Lowers the number after a refusal. Returns false if it was not higher.</summary>
    /// <param name="others">Connections that are open or being opened besides the refused one.</param>
    public bool TryLower(int others)
    {
        _lowered = _time.GetTimestamp();
        int lowered = Math.Max(1, others);
        if (lowered >= _current)
        {
            return false;
        }

        _current = lowered;
        return true;
    }

    /// <summary>
    /// Returns true if the server refused a connection because it has too many: 421 in reply to the greeting or the login, or 530 with such a text. A refused
    /// TCP connection, a reset and a rejected password are no such refusal.
    /// </summary>
    public static bool IsRefusal(FtpException exception) => exception switch
    {
        FtpTlsException => false,
        FtpConnectionException { Reply: { } reply } => reply.Code == ReplyCode.ServiceNotAvailable || NamesLimit(reply.Text),
        FtpSignInException signIn => NamesLimit(signIn.Reply.Text),
        _ => false,
    };

    private static bool NamesLimit(string text) => Has(text, LimitWords) && !Has(text, CredentialWords);

    private static bool Has(string text, string[] words) => Array.Exists(words, word => text.Contains(word, StringComparison.OrdinalIgnoreCase));
}
