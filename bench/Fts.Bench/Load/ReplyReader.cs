using System.Buffers.Text;

namespace Fts.Bench.Load;

/// <summary>Reads replies and keeps only the last line.</summary>
internal sealed class ReplyReader
{
    // Small, because each of 50,000 idle sessions has a reader.
    private readonly byte[] _input = new byte[2048];
    private int _start, _end;
    private Range _line;

    /// <summary>The last line of the last reply.</summary>
    public ReadOnlySpan<byte> Line => _input.AsSpan(_line);

    /// <summary>Reads a reply of one or more lines and returns its code.</summary>
    public int Read(IWire wire)
    {
        int firstCode = 0;
        while (true)
        {
            ReadLine(wire);
            ReadOnlySpan<byte> line = Line;
            bool isReply = Utf8Parser.TryParse(line[..Math.Min(3, line.Length)], out int code, out int digits) && digits == 3;
            if (firstCode == 0 && !isReply)
            {
                throw new MeasurementException("the server sent a line that is not a reply: " + System.Text.Encoding.UTF8.GetString(line));
            }

            bool isContinued = line.Length > 3 && line[3] == (byte)'-';
            if (isReply && !isContinued && (firstCode == 0 || firstCode == code))
            {
                return code;
            }

            firstCode = firstCode == 0 ? code : firstCode;
        }
    }

    private void ReadLine(IWire wire)
    {
        while (true)
        {
            int end = _input.AsSpan(_start, _end - _start).IndexOf((byte)'\n');
            if (end >= 0)
            {
                int length = end > 0 && _input[_start + end - 1] == (byte)'\r' ? end - 1 : end;
                _line = _start..(_start + length);
                _start += end + 1;
                return;
            }

            if (_start > 0)
            {
                _input.AsSpan(_start, _end - _start).CopyTo(_input);
                (_start, _end) = (0, _end - _start);
            }

            int read = _end < _input.Length
                ? wire.Receive(_input.AsSpan(_end))
                : throw new MeasurementException("a reply line is too long");
            _end += read > 0 ? read : throw new MeasurementException("the server closed the control connection");
        }
    }
}
