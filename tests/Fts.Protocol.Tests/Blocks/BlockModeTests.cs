using FsCheck;
using FsCheck.Fluent;
using Fts.Protocol.Blocks;

namespace Fts.Protocol.Tests.Blocks;

/// <summary>Block mode (RFC 959 §3.4.2): files survive the round trip in any pieces, and each ends at its last byte.</summary>
public sealed class BlockModeTests
{
    [Fact]
    public void A_small_file_is_one_block_and_an_empty_file_is_an_empty_block()
    {
        var writer = new BlockWriter(new byte[64]);
        Assert.Equal(5, writer.Write("hello"u8));
        Assert.True(writer.TryEndFile());
        Assert.True(writer.TryEndFile());
        Assert.Equal(1, writer.Write("x"u8));
        Assert.True(writer.TryEndFile());
        Assert.Equal("@\0\u0005hello@\0\0@\0\u0001x"u8.ToArray(), writer.Blocks.ToArray());
    }

    [Fact]
    public void A_file_whose_content_was_already_sent_ends_with_an_empty_block()
    {
        var writer = new BlockWriter(new byte[8]);
        Assert.Equal(5, writer.Write("hello, world"u8));
        Assert.Equal(0, writer.Write(", world"u8));
        Assert.Equal("\0\0\u0005hello"u8.ToArray(), writer.Blocks.ToArray());
        writer.Clear();
        Assert.True(writer.TryEndFile());
        Assert.Equal("@\0\0"u8.ToArray(), writer.Blocks.ToArray());
        Assert.True(writer.TryEndFile());
        Assert.False(writer.TryEndFile());
    }

    [Fact]
    public void A_block_has_at_most_65535_bytes()
    {
        var writer = new BlockWriter(new byte[70_000]);
        Assert.Equal(65_535, writer.Write(new byte[65_535]));
        Assert.Equal(1, writer.Write(new byte[1]));
        Assert.True(writer.TryEndFile());
        byte[] blocks = writer.Blocks.ToArray();
        Assert.Equal((65_542, 0, 255, 255, 64, 0, 1),
            (blocks.Length, blocks[0], blocks[1], blocks[2], blocks[65_538], blocks[65_539], blocks[65_540]));
    }

    [Fact]
    public void Files_survive_the_round_trip_in_any_pieces() => Prop.ForAll<byte[][], PositiveInt, PositiveInt>((files, room, piece) =>
    {
        List<byte[]> sent = [.. files.Select(file => file ?? [])];
        Assert.Equal(sent, Files(Blocks(sent, 4 + (room.Get % 40)), 1 + (piece.Get % 9)));
    }).QuickCheckThrowOnFailure();

    [Fact]
    public void A_large_file_survives_the_round_trip()
    {
        byte[] content = new byte[1_000_003];
        new Random(1).NextBytes(content);
        Assert.Equal([content, [], content], Files(Blocks([content, [], content], 128 * 1024), 50_000));
    }

    [Fact]
    public void Markers_are_skipped_and_ends_of_records_and_suspect_data_are_content() => Assert.Equal(
        ["hello"u8.ToArray(), ""u8.ToArray()],
        Files([16, 0, 3, 1, 2, 3, 128, 0, 1, (byte)'h', 32, 0, 1, (byte)'e', 0, 0, 0, 16, 0, 0, 160, 0, 3, .. "llo"u8, 64, 0, 0, 80, 0, 2,
            9, 9], 1));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(65)]
    [InlineData(255)]
    public void A_descriptor_that_the_RFC_does_not_define_is_rejected(byte descriptor) =>
        Assert.Throws<BlockFormatException>(() => Files([descriptor, 0, 1, 7], 4));

    [Fact]
    public void A_truncated_file_has_no_end()
    {
        byte[] blocks = Blocks(["hello"u8.ToArray()], 6);
        for (int length = 0; length < blocks.Length; length++)
        {
            Assert.Empty(Files(blocks[..length], 2));
        }
    }

    private static byte[] Blocks(List<byte[]> files, int room)
    {
        var writer = new BlockWriter(new byte[room]);
        var sent = new List<byte>();
        foreach (byte[] file in files)
        {
            for (int at = 0; (at += writer.Write(file.AsSpan(at))) < file.Length;)
            {
                Leave();
            }

            if (!writer.TryEndFile())
            {
                Leave();
                Assert.True(writer.TryEndFile());
            }
        }

        Leave();
        return [.. sent];

        void Leave()
        {
            sent.AddRange(writer.Blocks.ToArray());
            writer.Clear();
        }
    }

    /// <summary>Returns the complete files in the blocks, which are read piece by piece.</summary>
    private static List<byte[]> Files(byte[] bytes, int piece)
    {
        var files = new List<byte[]>();
        var file = new List<byte>();
        var reader = new BlockReader();
        for (int at = 0; at < bytes.Length;)
        {
            BlockReadResult read = reader.Read(bytes.AsSpan(at, Math.Min(piece, bytes.Length - at)));
            at += read.ConsumedBytes;
            file.AddRange(bytes.AsSpan(at - read.ContentBytes, read.ContentBytes));
            if (reader.IsEndOfFile)
            {
                files.Add([.. file]);
                file.Clear();
                reader = new BlockReader();
            }
        }

        return files;
    }
}
