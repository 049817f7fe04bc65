using System.Net.Sockets;

namespace Fts.Serving.Control;

/// <summary>Reads lines from a control connection. The reader does not own the socket.</summary>
/// <param name="socket">The connection.</param>
/// <param name="maxBytes">The maximum number of bytes of a line without its line end.</param>
internal sealed class ControlLines(Socket socket, int maxBytes)
{
    private byte[] _buffer = new byte[4096];
    private int _start, _end;

    /// <summary>Reads a line. The result is valid until the next call. Returns null at the end of the connection.</summary>
    /// <exception cref="InvalidDataException">The line is longer than the maximum.</exception>
    /// <exception cref="SocketException">The connection failed.</exception>
    public async ValueTask<ReadOnlyMemory<byte>?> ReadAsync(CancellationToken cancellationToken)
    {
        int searched = 0;
        while (true)
        {
            int at = _buffer.AsSpan(_start + searched, _end - _start - searched).IndexOf((byte)'\n');
            if (at >= 0)
            {
                ReadOnlyMemory<byte> line = _buffer.AsMemory(_start, searched + at);
                _start += line.Length + 1;
                return line;
            }

            searched = _end - _start;
            if (searched > maxBytes)
            {
                throw new InvalidDataException($"a line is longer than {maxBytes} bytes");
            }

            MakeRoom();
            int received = await socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, cancellationToken);
            if (received == 0)
            {
                return null;
            }

            _end += received;
        }
    }

    /// <summary>Moves the unread bytes to the start of the buffer, and doubles the buffer if it is full.</summary>
    private void MakeRoom()
    {
        byte[] target = _end - _start == _buffer.Length ? new byte[_buffer.Length * 2] : _buffer;
        _buffer.AsSpan(_start, _end - _start).CopyTo(target);
        (_buffer, _start, _end) = (target, 0, _end - _start);
    }
}
