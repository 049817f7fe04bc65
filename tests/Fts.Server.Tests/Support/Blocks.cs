using Fts.Protocol.Blocks;

namespace Fts.Server.Tests.Support;

/// <summary>Encodes files for block mode.</summary>
internal static class Blocks
{
    public static byte[] Encode(byte[] content)
    {
        var writer = new BlockWriter(new byte[content.Length + (3 * ((content.Length / BlockWriter.MaxContentLength) + 2))]);
        Assert.Equal(content.Length, writer.Write(content));
        Assert.True(writer.TryEndFile());
        return writer.Blocks.ToArray();
    }
}
