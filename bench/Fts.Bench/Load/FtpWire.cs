using System.Buffers.Text;
using System.Text;

namespace Fts.Bench.Load;

/// <summary>A blocking control connection with little overhead: it sends commands and returns reply codes.</summary>
internal sealed class FtpWire : IDisposable
{
    [ThreadStatic]
    private static byte[]? t_copy, t_command;

    private readonly ReplyReader _replies = new();
    private readonly TlsWire? _tls;
    private readonly IWire _wire;
    private readonly string? _proxiedAddress;
    private nint _ticket;

    /// <summary>Connects from 127.0.0.<paramref name="source"/>, reads the greeting and starts TLS if requested.</summary>
    /// <param name="port">The port of the server.</param>
    /// <param name="overTls">Whether the control connection and the data connections use TLS.</param>
    /// <param name="source">The last number of the client's address.</param>
    /// <param name="proxiedAddress">The address of the client in the PROXY header of each connection, or null to send no headers.</param>
    public FtpWire(int port, bool overTls = false, int source = 1, string? proxiedAddress = null)
    {
        var plain = new Wire(port, source);
        _wire = plain;
        try
        {
            _proxiedAddress = proxiedAddress;
            SendProxyHeader(plain, port);
            RequireCode(220, _replies.Read(_wire), "the greeting");
            if (overTls)
            {
                SendExpecting(2, "AUTH", "TLS");
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

    /// <summary>The number of TLS handshakes on data connections so far, and how many of them resumed a session.</summary>
    public (int All, int Resumed) DataHandshakes { get; private set; }

    /// <summary>The last line of the last reply.</summary>
    public string Line => Encoding.UTF8.GetString(_replies.Line);

    public void Login(string user, string password)
    {
        int code = SendCommand("USER", user);
        if (code == 331)
        {
            code = SendCommand("PASS", password);
        }

        RequireCode(230, code, "login");
    }

    /// <summary>Sends a command and returns the code of the reply.</summary>
    public int SendCommand(string verb, string argument = "")
    {
        WriteCommand(verb, argument);
        return _replies.Read(_wire);
    }

    /// <summary>Sends a command whose reply code must have the first digit <paramref name="class"/>.</summary>
    /// <exception cref="MeasurementException">The reply has another code.</exception>
    public void SendExpecting(int @class, string verb, string argument = "")
    {
        int code = SendCommand(verb, argument);
        if (code / 100 != @class)
        {
            throw new MeasurementException($"{verb} {argument}: {Line}");
        }
    }

    /// <summary>Sends EPSV and <paramref name="verb"/> and returns the data connection, which the caller disposes.</summary>
    public IWire OpenTransfer(string verb, string argument)
    {
        SendExpecting(2, "EPSV");
        ReadOnlySpan<byte> line = _replies.Line;
        int bars = line.IndexOf("|||"u8);
        var data = bars >= 0 && Utf8Parser.TryParse(line[(bars + 3)..], out int port, out _)
            ? new Wire(port)
            : throw new MeasurementException("EPSV: " + Line);
        try
        {
            SendProxyHeader(data, port);
            SendExpecting(1, verb, argument);
            return _tls is null ? data : Secure(_tls, data);
        }
        catch
        {
            data.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Receives a file or listing with EPSV and <paramref name="verb"/>, and discards the bytes in the kernel or after a copy. Returns
    /// their number.
    /// </summary>
    public long Download(string verb, string argument, bool copy = false)
    {
        using IWire data = OpenTransfer(verb, argument);
        long total = 0, read;
        while ((read = copy ? data.Receive(t_copy ??= new byte[1 << 20]) : data.Discard(1 << 20)) > 0)
        {
            total += read;
        }

        // The data connection is closed before the reply is read, because ProFTPD sends the reply only after that.
        KeepTicket(data);
        data.CloseAfterServer();
        FinishTransfer(verb, argument);
        return total;
    }

    /// <summary>Uploads <paramref name="length"/> bytes with EPSV and <paramref name="verb"/>.</summary>
    public void Upload(string path, long length, Payload payload, string verb = "STOR")
    {
        using IWire data = OpenTransfer(verb, path);
        if (length < 65536)
        {
            data.Send(payload.Bytes.AsSpan(0, (int)length));
        }
        else
        {
            for (long remaining = length; remaining > 0;)
            {
                remaining -= data.SendPayload(payload, (nint)Math.Min(remaining, payload.Bytes.Length));
            }
        }

        data.FinishSending();
        data.Dispose();
        FinishTransfer(verb, path);
    }

    /// <summary>Reads the final reply of a transfer.</summary>
    /// <exception cref="MeasurementException">The transfer failed.</exception>
    public void FinishTransfer(string verb, string argument)
    {
        if (_replies.Read(_wire) / 100 != 2)
        {
            throw new MeasurementException($"{verb} {argument}: {Line}");
        }
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

    /// <summary>Sends a PROXY header with the address of the client, if it has one.</summary>
    private void SendProxyHeader(Wire wire, int port)
    {
        if (_proxiedAddress is not null)
        {
            wire.Send(Encoding.ASCII.GetBytes($"PROXY TCP4 {_proxiedAddress} 127.0.0.1 40000 {port}\r\n"));
        }
    }

    private TlsWire Secure(TlsWire control, Wire plain)
    {
        _ticket = _ticket != 0 ? _ticket : control.GetSession();
        var data = new TlsWire(plain, _ticket);
        DataHandshakes = (DataHandshakes.All + 1, DataHandshakes.Resumed + (data.IsResumed ? 1 : 0));
        return data;
    }

    /// <summary>Keeps the newest session ticket. A TLS 1.3 ticket should be used once, and each connection may bring a new one.</summary>
    private void KeepTicket(IWire data)
    {
        if (data is TlsWire tls && tls.GetSession() is not 0 and var newer)
        {
            OpenSsl.FreeSession(_ticket);
            _ticket = newer;
        }
    }

    private void RequireCode(int code, int actual, string step)
    {
        if (code != actual)
        {
            throw new MeasurementException($"{step}: {Line}");
        }
    }

    private void WriteCommand(string verb, string argument)
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
