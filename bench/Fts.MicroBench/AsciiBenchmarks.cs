using System.Text;
using BenchmarkDotNet.Attributes;
using Fts.Protocol;

namespace Fts.MicroBench;

/// <summary>Line ends of TYPE A. Figures are of 64 KiB of text.</summary>
[MemoryDiagnoser]
public class AsciiBenchmarks
{
    private const int TextBytes = 64 * 1024;

    private readonly byte[] _buffer = new byte[TextBytes * 2];
    private byte[] _file = [], _wire = [];

    /// <summary>Bytes of a line, its end included; the largest is a file without any, as binary ones sent by mistake are.</summary>
    [Params(8, 64, TextBytes)]
    public int LineBytes { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _file = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat(new string('x', LineBytes - 1) + "\n", TextBytes / LineBytes)));
        _wire = _buffer[..new AsciiTranslator().ToWire(_file, _buffer)];
    }

    [Benchmark]
    public int ToWire() => new AsciiTranslator().ToWire(_file, _buffer);

    [Benchmark]
    public int ToFile() => new AsciiTranslator().ToFile(_wire, _buffer);
}
