using System.Globalization;
using System.Text;
using System.Threading.Channels;

namespace Fts.Cli;

/// <summary>
/// Lines written by one task of their own: whoever has something to say leaves it here and goes on. When the reader of the output is slow the queue fills
/// up to its bound, and then lines are left out and counted, for a session must never wait for somebody's terminal.
/// </summary>
internal sealed class BackgroundLines : IAsyncDisposable
{
    private const int Capacity = 8192;

    /// <summary>At the end a reader that has stopped reading is given up.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(1);

    private readonly Channel<string> _lines = Channel.CreateBounded<string>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly StreamWriter _writer;
    private readonly Task _writing;
    private int _leftOut;

    public BackgroundLines(Stream stream)
    {
        _writer = new StreamWriter(stream, new UTF8Encoding(false), 16 * 1024, leaveOpen: true);
        _writing = Task.Run(WriteAsync);
    }

    /// <summary>Leaves a line to be written.</summary>
    public void Write(string line)
    {
        if (!_lines.Writer.TryWrite(line))
        {
            Interlocked.Increment(ref _leftOut);
        }
    }

    /// <summary>Writes what is left.</summary>
    public async ValueTask DisposeAsync()
    {
        _lines.Writer.TryComplete();
        await Task.WhenAny(_writing, Task.Delay(LastWait));
    }

    private async Task WriteAsync()
    {
        try
        {
            while (await _lines.Reader.WaitToReadAsync())
            {
                while (_lines.Reader.TryRead(out string? line))
                {
                    _writer.Write(line);
                    _writer.Write('\n');
                }

                int leftOut = Interlocked.Exchange(ref _leftOut, 0);
                if (leftOut > 0)
                {
                    _writer.Write(string.Create(CultureInfo.InvariantCulture, $"({leftOut} lines left out: this output is read too slowly)\n"));
                }

                await _writer.FlushAsync();
            }
        }
        catch (IOException)
        {
            // Nobody reads any more. The server goes on.
        }
    }
}
