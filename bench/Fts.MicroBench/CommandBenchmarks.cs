using System.Text;
using BenchmarkDotNet.Attributes;
using Fts.Protocol;

namespace Fts.MicroBench;

/// <summary>Parsing of a command line into verb and argument.</summary>
[MemoryDiagnoser]
public class CommandBenchmarks
{
    private byte[] _line = [];

    [Params("NOOP", "retr a.txt", "RETR reports/2026/quarter 3.pdf", "STOR Überblick.txt")]
    public string Line { get; set; } = "";

    [GlobalSetup]
    public void Prepare() => _line = Encoding.UTF8.GetBytes(Line);

    [Benchmark]
    public object Parse()
    {
        _ = FtpCommand.TryParse(_line, out FtpCommand command);
        return command.Argument;
    }
}
