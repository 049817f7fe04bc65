using BenchmarkDotNet.Attributes;
using Fts.Protocol.Blocks;

namespace Fts.MicroBench;

/// <summary>Reading and writing MODE B: many small files, or one of full blocks. A figure is for 64 KiB of content.</summary>
[MemoryDiagnoser]
public class BlockBenchmarks
{
    private const int Content = 64 * 1024;

    private readonly byte[] _content = new byte[Content];
    private byte[] _blocks = [], _buffer = [];

    [Params(64, 4096, Content)]
    public int FileBytes { get; set; }

    [GlobalSetup]
    public void Prepare()
    {
        _buffer = new byte[Content * 2];
        _blocks = _buffer[..Write()];
    }

    [Benchmark]
    public int Write()
    {
        var writer = new BlockWriter(_buffer);
        for (int at = 0; at < Content; at += FileBytes)
        {
            _ = writer.Write(_content.AsSpan(at, FileBytes));
            _ = writer.TryEndFile();
        }

        return writer.Blocks.Length;
    }

    [Benchmark]
    public int Read()
    {
        int content = 0;
        for (int at = 0; at < _blocks.Length;)
        {
            var reader = new BlockReader();
            while (!reader.IsEndOfFile)
            {
                BlockReadResult piece = reader.Read(_blocks.AsSpan(at));
                at += piece.ConsumedBytes;
                content += piece.ContentBytes;
            }
        }

        return content == Content ? content : throw new InvalidOperationException($"{content} bytes.");
    }
}
