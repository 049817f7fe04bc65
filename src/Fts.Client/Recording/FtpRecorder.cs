using System.Globalization;
using System.Net;
using Fts.Client.Recording;

namespace Fts.Client;

/// <summary>What an <see cref="FtpRecorder"/> writes beyond commands, replies and the lengths of data.</summary>
public sealed record FtpRecordingOptions
{
    /// <summary>
    /// The number of bytes of each data connection that are recorded. Default: 0, which records lengths only. Recorded data is not
    /// redacted.
    /// </summary>
    public int DataBytes { get; init; }

    /// <summary>
    /// Whether the user name is recorded. Default: false, which replaces the name with <c>****</c> in commands and replies. The name
    /// anonymous is always recorded.
    /// </summary>
    public bool IncludesUserName { get; init; }

    /// <summary>The maximum length of the recording in characters. Then it ends with the line <c># full</c>. Default: 64 Mi.</summary>
    public long MaxLength { get; init; } = 64 * 1024 * 1024;
}

/// <summary>
/// Writes a transcript of control and data connections as text: every command and reply, and the length of the data of each data
/// connection. Passwords are masked. Thread-safe: several clients can use one recorder (<see cref="FtpClientOptions.Recorder"/>).
/// </summary>
/// <remarks>
/// <c>docs/client.md</c> describes the format. Names of files, folders and hosts are not masked. Data connections in block mode (MODE B)
/// are not recorded. The recorder flushes each line and does not dispose the writer. An error of the writer ends the recording.
/// </remarks>
public sealed class FtpRecorder
{
    /// <summary>The first line of a recording.</summary>
    internal const string Heading = "fts recording 1";

    private readonly Lock _lock = new();
    private readonly TextWriter _writer; // guarded by _lock, as are the following fields
    private readonly TimeProvider _timeProvider;
    private readonly long _start;
    private int _lastConnection;
    private long _length;
    private bool _hasEnded;

    /// <summary>Creates a recorder and writes the first line.</summary>
    /// <param name="writer">The output, for example a <see cref="StreamWriter"/> of a file that only the user can read.</param>
    /// <param name="options">What is recorded; null for the default.</param>
    /// <param name="timeProvider">The clock for the times of the lines; null for the system clock.</param>
    public FtpRecorder(TextWriter writer, FtpRecordingOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentNullException.ThrowIfNull(writer);
        (_writer, Options, _timeProvider) = (writer, options ?? new FtpRecordingOptions(), timeProvider ?? TimeProvider.System);
        _start = _timeProvider.GetTimestamp();
        lock (_lock)
        {
            WriteLine(Heading);
        }
    }

    /// <summary>What is recorded.</summary>
    public FtpRecordingOptions Options { get; }

    /// <summary>The error that ended the recording; null if there was none.</summary>
    public Exception? Failure { get; private set; }

    /// <summary>Records that a control connection was opened. The caller records its lines with the returned object.</summary>
    internal ControlRecording OpenControl(FtpClientOptions options, IPEndPoint server)
    {
        int connection;
        lock (_lock)
        {
            connection = ++_lastConnection;
        }

        Write(connection, "open", server.ToString());
        return new ControlRecording(this, connection, options);
    }

    /// <summary>Writes a line with the time and the number of the connection.</summary>
    internal void Write(int connection, string kind, string text)
    {
        lock (_lock)
        {
            double seconds = _timeProvider.GetElapsedTime(_start).TotalSeconds;
            string suffix = text.Length == 0 ? "" : $" {text}";
            WriteLine(string.Create(CultureInfo.InvariantCulture, $"{seconds:0.000} {connection} {kind}{suffix}"));
        }
    }

    private void WriteLine(string line)
    {
        if (_hasEnded)
        {
            return;
        }

        try
        {
            _hasEnded = _length + line.Length > Options.MaxLength;
            _writer.Write($"{(_hasEnded ? "# full" : line)}\n");
            _writer.Flush();
            _length += line.Length + 1;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or UnauthorizedAccessException)
        {
            // A recording must not affect the connection that it describes.
            (_hasEnded, Failure) = (true, e);
        }
    }
}
