using System.Buffers.Binary;
using System.IO.Compression;

namespace Fts.Server.Tests.Support;

/// <summary>Compresses and expands complete zlib streams (RFC 1950).</summary>
internal static class Zlib
{
    /// <summary>Returns a complete stream, even for empty content, for which the library writes no bytes.</summary>
    public static byte[] Compress(ReadOnlySpan<byte> content)
    {
        if (content.IsEmpty)
        {
            return [0x78, 0x9C, 0x03, 0x00, 0x00, 0x00, 0x00, 0x01];
        }

        using var stream = new MemoryStream();
        using (var zlib = new ZLibStream(stream, CompressionLevel.Optimal, leaveOpen: true))
        {
            zlib.Write(content);
        }

        return stream.ToArray();
    }

    /// <summary>Expands one complete stream. Verifies the checksum, because the library accepts a truncated stream.</summary>
    public static byte[] Expand(byte[] stream)
    {
        using var zlib = new ZLibStream(new MemoryStream(stream), CompressionMode.Decompress);
        using var content = new MemoryStream();
        zlib.CopyTo(content);
        (uint first, uint second) = (1, 0);
        foreach (byte b in content.ToArray())
        {
            first = (first + b) % 65521;
            second = (second + first) % 65521;
        }

        Assert.True(stream.Length >= 8, "The zlib stream is not complete.");
        Assert.Equal((second << 16) | first, BinaryPrimitives.ReadUInt32BigEndian(stream.AsSpan(stream.Length - 4)));
        return content.ToArray();
    }
}
