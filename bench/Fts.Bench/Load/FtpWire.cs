using System.Buffers.Text;
using System.Text;

namespace Fts.Bench.Load;

/// <summary>One control connection, reduced to what a measurement needs: a command out, a reply's code in.</summary>
internal sealed class FtpWire : IDisposable
{
    [ThreadStatic]
    private static byte[]? t_copy, t_command;

    private readonly ReplyReader _replies = new();
    private readonly TlsWire? _tls;
    private readonly IWire _wire;
    private nint _ticket;

    /// <summary>Connects from 127.0.0.<paramref name="source"/>, reads the greeting and, if wanted, asks for TLS.</summary>
    public FtpWire(int port, bool overTls = false, int source = 1)
    {
        var plain = new Wire(port, source);
        _wire = plain;
        try
        {
            Expect(220, _replies.Read(_wire), "the greeting");
            if (overTls)
            {
                Must(2, "AUTH", "TLS");
                _tls = new TlsWire(plain);
                _wire = _tls;
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Data connections so far that TLS shook hands for, and how many of them were resumed.</summary>
    public (int All, int Resumed) DataHandshakes { get; private set; }

    /// <summary>The last line of the last reply.</summary>
    public string Line => Encoding.UTF8.GetString(_replies.Line);

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
        return _replies.Read(_wire);
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

    /// <summary>Begins a transfer with EPSV and <paramref name="verb"/>. The data connection is the caller's.</summary>
    public IWire Begin(string verb, string argument)
    {
        Must(2, "EPSV");
        ReadOnlySpan<byte> line = _replies.Line;
        int bars = line.IndexOf("|||"u8);
        var data = new Wire(bars >= 0 && Utf8Parser.TryParse(line[(bars + 3)..], out int port, out _) ? port : throw new LoadException("EPSV: " + Line));
        try
        {
            Must(1, verb, argument);
            return _tls is null ? data : Secure(_tls, data);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>Fetches with EPSV and <paramref name="verb"/>; the bytes are dropped, in the kernel or after a copy. Returns how many came.</summary>
    public long Fetch(string verb, string argument, bool copy = false)
    {
        using IWire data = Begin(verb, argument);
        long total = 0, read;
        while ((read = copy ? data.Receive(t_copy ??= new byte[1 << 20]) : data.Drop(1 << 20)) > 0)
        {
            total += read;
        }

        // Before the reply is awaited: ProFTPD waits for the other side's close before it sends one.
        KeepTicket(data);
        data.Forget();
        Finish(verb, argument);
        return total;
    }

    /// <summary>Stores <paramref name="length"/> bytes with EPSV and STOR.</summary>
    public void Store(string path, long length, Payload payload)
    {
        using IWire data = Begin("STOR", path);
        if (length < 65536)
        {
            data.Send(payload.Bytes.AsSpan(0, (int)length));
        }
        else
        {
            for (long left = length; left > 0;)
            {
                left -= data.SendFrom(payload, (nint)Math.Min(left, payload.Bytes.Length));
            }
        }

        data.FinishSending();
        data.Dispose();
        Finish("STOR", path);
    }

    public void Dispose()
    {
        if (_ticket != 0)
        {
            OpenSsl.FreeSession(_ticket);
            _ticket = 0;
        }

        _wire.Dispose();
    }

    private TlsWire Secure(TlsWire control, Wire plain)
    {
        _ticket = _ticket != 0 ? _ticket : control.TakeSession();
        var data = new TlsWire(plain, _ticket);
        DataHandshakes = (DataHandshakes.All + 1, DataHandshakes.Resumed + (data.IsResumed ? 1 : 0));
        return data;
    }

    /// <summary>A ticket of TLS 1.3 is best used once, and each connection may bring the next.</summary>
    private void KeepTicket(IWire data)
    {
        if (data is TlsWire tls && tls.TakeSession() is not 0 and var newer)
        {
            OpenSsl.FreeSession(_ticket);
            _ticket = newer;
        }
    }

    private void Finish(string verb, string argument)
    {
        if (_replies.Read(_wire) / 100 != 2)
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
        byte[] command = t_command ??= new byte[1024];
        int length = Encoding.UTF8.GetBytes(verb, command);
        if (argument.Length > 0)
        {
            command[length++] = (byte)' ';
            length += Encoding.UTF8.GetBytes(argument, command.AsSpan(length));
        }

        command[length++] = (byte)'\r';
        command[length++] = (byte)'\n';
        _wire.Send(command.AsSpan(0, length));
    }
}
