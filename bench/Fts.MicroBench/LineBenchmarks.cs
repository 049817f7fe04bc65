using System.Text;
using BenchmarkDotNet.Attributes;
using Fts.Protocol;

namespace Fts.MicroBench;

/// <summary>Reading of lines that have arrived at the same time. A figure is for one line.</summary>
[MemoryDiagnoser]
public class LineBenchmarks
{
    private const int Lines = 10_000;

    private readonly MemoryStream _plain =
        new([.. Enumerable.Range(0, Lines).SelectMany(i => Encoding.ASCII.GetBytes($"RETR file{i:d5}.txt\r\n"))]);

    private readonly MemoryStream _telnet =
        new([.. Enumerable.Range(0, Lines).SelectMany(i => (byte[])[255, 244, 255, 242, .. Encoding.ASCII.GetBytes($"ABOR {i:d10}\r\n")])]);

    [Benchmark(OperationsPerInvoke = Lines)]
    public Task<int> Pipelined() => ReadAllAsync(_plain);

    [Benchmark(OperationsPerInvoke = Lines)]
    public Task<int> WithTelnetSequences() => ReadAllAsync(_telnet);

    /// <summary>Reads all lines. Does not dispose the channel, because the next run uses the same stream.</summary>
    private static async Task<int> ReadAllAsync(MemoryStream stream)
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
