using System.Text;
using BenchmarkDotNet.Attributes;
using Fts.Protocol;

namespace Fts.MicroBench;

/// <summary>Lines that came all at once, taken one by one; figures are of one line.</summary>
[MemoryDiagnoser]
public class LineBenchmarks
{
    private const int Lines = 10_000;

    private readonly MemoryStream _plain = new(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(0, Lines).Select(i => $"RETR file{i:d5}.txt\r\n"))));
    private readonly MemoryStream _telnet = new([.. Enumerable.Range(0, Lines).SelectMany(i => (byte[])[255, 244, 255, 242, .. Encoding.ASCII.GetBytes($"ABOR {i:d10}\r\n")])]);

    [Benchmark(OperationsPerInvoke = Lines)]
    public Task<int> Pipelined() => TakeAsync(_plain);

    [Benchmark(OperationsPerInvoke = Lines)]
    public Task<int> WithTelnetSequences() => TakeAsync(_telnet);

    /// <summary>The channel is not disposed: the stream is for the next run, too.</summary>
    private static async Task<int> TakeAsync(MemoryStream stream)
    {
        stream.Position = 0;
        var channel = new LineChannel(stream, maxLineLength: 4096);
        int lines = 0;
        while ((await channel.ReadLineAsync(CancellationToken.None)).Status == LineStatus.Line)
        {
            lines++;
        }

        return lines == Lines ? lines : throw new InvalidOperationException($"{lines} lines.");
    }
}
