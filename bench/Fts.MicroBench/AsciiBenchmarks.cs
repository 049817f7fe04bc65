using System.Text;
using BenchmarkDotNet.Attributes;
using Fts.Protocol;

namespace Fts.MicroBench;

/// <summary>Conversion of line ends for TYPE A. A figure is for 64 KiB of text.</summary>
[MemoryDiagnoser]
public class AsciiBenchmarks
{
    private const int TextBytes = 64 * 1024;

    private readonly byte[] _buffer = new byte[TextBytes * 2];
    private byte[] _file = [], _wire = [];

    /// <summary>
    /// The length of a line with its line end, in bytes. With the largest, the text has one line, like a binary file sent by mistake.
    /// </summary>
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
