using Fts.Protocol.Blocks;

namespace Fts.Server.Tests.Wires;

/// <summary>Files as block mode sends them.</summary>
internal static class Blocks
{
    public static byte[] Of(byte[] content)
    {
        var writer = new BlockWriter(new byte[content.Length + (3 * ((content.Length / BlockWriter.MaxContent) + 2))]);
        Assert.Equal(content.Length, writer.Write(content));
        Assert.True(writer.TryEnd());
        return writer.Blocks.ToArray();
    }
}
