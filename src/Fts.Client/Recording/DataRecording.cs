using System.Globalization;

namespace Fts.Client.Recording;

/// <summary>
/// Counts the data of one data connection and keeps its first bytes. Written as one group of lines at the end of the data, so that the
/// lines of several connections do not mix.
/// </summary>
/// <param name="recorder">The recorder.</param>
/// <param name="connection">The number of the control connection.</param>
/// <param name="isSender">Whether the client sends the data.</param>
internal sealed class DataRecording(FtpRecorder recorder, int connection, bool isSender)
{
    private const int BytesPerLine = 72;

    private readonly List<byte> _content = [];
    private long _length;
    private bool _hasEnded;

    /// <summary>Adds transferred bytes, after decryption.</summary>
    public void Add(ReadOnlySpan<byte> transferred)
    {
        _length += transferred.Length;
        _content.AddRange(transferred[..Math.Min(transferred.Length, Math.Max(0, recorder.Options.DataBytes - _content.Count))]);
    }

    /// <summary>Records the data. Later calls have no effect.</summary>
    /// <param name="isAborted">Whether the client reset the connection before the end of the data.</param>
    public void End(bool isAborted)
    {
        if (_hasEnded)
        {
            return;
        }

        _hasEnded = true;
        foreach (byte[] part in _content.Chunk(BytesPerLine))
        {
            recorder.Write(connection, "bytes", Convert.ToBase64String(part));
        }

        string direction = isSender ? "sent" : "received", end = isAborted ? " aborted" : "";
        recorder.Write(connection, "data", string.Create(CultureInfo.InvariantCulture, $"{direction} {_length}{end}"));
    }
}
