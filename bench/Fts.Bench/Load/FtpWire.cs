using System.Buffers.Text;
using System.Text;

namespace Fts.Bench.Load;

/// <summary>One control connection, reduced to what a measurement needs: a command out, a reply's code in.</summary>
internal sealed class FtpWire : IDisposable
{
    private readonly Wire _wire;
    private readonly byte[] _command = new byte[1024];
    private readonly byte[] _input = new byte[8192];
    private readonly byte[] _data = GC.AllocateUninitializedArray<byte>(1 << 20, pinned: true);
    private int _start, _end;
    private Range _line;

    public FtpWire(int port)
    {
        _wire = new Wire(port);
        try
        {
            Expect(220, ReadReply(), "the greeting");
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>The last line of the last reply.</summary>
    public string Line => Encoding.UTF8.GetString(_input[_line]);

    public void SignIn(string user, string password)
    {
        int code = Ask("USER", user);
        if (code == 331)
        {
            code = Ask("PASS", password);
        }

        Expect(230, code, "sign-in");
    }

    /// <summary>Sends a command and returns the code of the reply.</summary>
    public int Ask(string verb, string argument = "")
    {
        Send(verb, argument);
        return ReadReply();
    }

    /// <summary>Sends a command whose reply must be of the hundred <paramref name="class"/>.</summary>
    public void Must(int @class, string verb, string argument = "")
    {
        int code = Ask(verb, argument);
        if (code / 100 != @class)
        {
            throw new LoadException($"{verb} {argument}: {Line}");
        }
    }

    /// <summary>Fetches with EPSV and <paramref name="verb"/>; the bytes are dropped, in the kernel or after a copy. Returns how many came.</summary>
    public long Fetch(string verb, string argument, bool copy)
    {
        using Wire data = OpenData();
        Must(1, verb, argument);
        long total = 0, read;
        while ((read = copy ? data.Receive(_data) : data.Drop(1 << 20)) > 0)
        {
            total += read;
        }

        // Before the reply is awaited: ProFTPD waits for the other side's close before it sends one.
        data.Forget();
        Finish(verb, argument);
        return total;
    }

    /// <summary>Stores <paramref name="length"/> bytes with EPSV and STOR.</summary>
    public void Store(string path, long length, Payload payload)
    {
        using Wire data = OpenData();
        Must(1, "STOR", path);
        if (length <= payload.Bytes.Length && length < 65536)
        {
            data.Send(payload.Bytes.AsSpan(0, (int)length));
        }
        else
        {
            for (long left = length; left > 0;)
            {
                left -= data.SendFrom(payload.File, (nint)Math.Min(left, payload.Bytes.Length));
            }
        }

        data.FinishSending();
        data.Dispose();
        Finish("STOR", path);
    }

    public void Dispose() => _wire.Dispose();

    private Wire OpenData()
    {
        Must(2, "EPSV");
        ReadOnlySpan<byte> line = _input[_line];
        int bars = line.IndexOf("|||"u8);
        return bars >= 0 && Utf8Parser.TryParse(line[(bars + 3)..], out int port, out _) ? new Wire(port) : throw new LoadException("EPSV: " + Line);
    }

    private void Finish(string verb, string argument)
    {
        if (ReadReply() / 100 != 2)
        {
            throw new LoadException($"{verb} {argument}: {Line}");
        }
    }

    private void Expect(int code, int actual, string what)
    {
        if (code != actual)
        {
            throw new LoadException($"{what}: {Line}");
        }
    }

    private void Send(string verb, string argument)
    {
        int length = Encoding.UTF8.GetBytes(verb, _command);
        if (argument.Length > 0)
        {
            _command[length++] = (byte)' ';
            length += Encoding.UTF8.GetBytes(argument, _command.AsSpan(length));
        }

        _command[length++] = (byte)'\r';
        _command[length++] = (byte)'\n';
        _wire.Send(_command.AsSpan(0, length));
    }

    /// <summary>Reads a reply, of one line or many, and returns its code.</summary>
    private int ReadReply()
    {
        int first = 0;
        while (true)
        {
            ReadLine();
            ReadOnlySpan<byte> line = _input[_line];
            bool isReply = Utf8Parser.TryParse(line[..Math.Min(3, line.Length)], out int code, out int digits) && digits == 3;
            if (first == 0 && !isReply)
            {
                throw new LoadException("not a reply: " + Line);
            }

            bool goesOn = line.Length > 3 && line[3] == (byte)'-';
            if (isReply && !goesOn && (first == 0 || first == code))
            {
                return code;
            }

            first = first == 0 ? code : first;
        }
    }

    private void ReadLine()
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

            int read = _end < _input.Length ? _wire.Receive(_input.AsSpan(_end)) : throw new LoadException("a reply line without end");
            _end += read > 0 ? read : throw new LoadException("the server closed the control connection");
        }
    }
}
