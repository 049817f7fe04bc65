using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>The hash function BLAKE2b without a key (RFC 7693).</summary>
internal sealed class Blake2b
{
    /// <summary>The maximum length of a digest, in bytes.</summary>
    public const int MaxDigestLength = 64;

    private const int BlockLength = 128, RoundCount = 12;

    /// <summary>The message word schedule of each round (RFC 7693 §2.7). The rounds 10 and 11 repeat the rounds 0 and 1.</summary>
    private static ReadOnlySpan<byte> Schedule =>
    [
        0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
        14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3,
        11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4,
        7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8,
        9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13,
        2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9,
        12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11,
        13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10,
        6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5,
        10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0,
    ];

    private static ReadOnlySpan<ulong> InitialState =>
    [
        0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
        0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
    ];

    private readonly ulong[] _state;
    private readonly byte[] _block;
    private readonly int _digestLength;
    private int _blockLength;
    private ulong _total;

    /// <summary>Starts a hash.</summary>
    /// <param name="digestLength">The length of the digest, from 1 to 64 bytes.</param>
    public Blake2b(int digestLength)
    {
        _state = InitialState.ToArray();
        _state[0] ^= 0x01010000 ^ (ulong)digestLength;
        _block = new byte[BlockLength];
        _digestLength = digestLength;
    }

    /// <summary>Appends bytes to the message.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            // The last block is compressed in Finish, even if it is full.
            if (_blockLength == BlockLength)
            {
                Compress(isLast: false);
            }

            int length = Math.Min(bytes.Length, BlockLength - _blockLength);
            bytes[..length].CopyTo(_block.AsSpan(_blockLength));
            _blockLength += length;
            bytes = bytes[length..];
        }
    }

    /// <summary>Appends a number of 4 bytes, the lowest byte first.</summary>
    public void Append(int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        Append(bytes);
    }

    /// <summary>Writes the digest and clears the state.</summary>
    public void Finish(Span<byte> digest)
    {
        Compress(isLast: true);
        Span<byte> bytes = stackalloc byte[MaxDigestLength];
        for (int i = 0; i < _state.Length; i++)
        {
            BinaryPrimitives.WriteUInt64LittleEndian(bytes[(8 * i)..], _state[i]);
        }

        bytes[.._digestLength].CopyTo(digest);
        Array.Clear(_state);
    }

    private void Compress(bool isLast)
    {
        _block.AsSpan(_blockLength).Clear();
        _total += (ulong)_blockLength;
        Span<ulong> message = stackalloc ulong[16];
        for (int i = 0; i < message.Length; i++)
        {
            message[i] = BinaryPrimitives.ReadUInt64LittleEndian(_block.AsSpan(8 * i));
        }

        Span<ulong> v = stackalloc ulong[16];
        _state.CopyTo(v);
        InitialState.CopyTo(v[8..]);
        v[12] ^= _total;
        v[14] = isLast ? ~v[14] : v[14];
        for (int round = 0; round < RoundCount; round++)
        {
            ReadOnlySpan<byte> order = Schedule.Slice(round % 10 * 16, 16);
            for (int i = 0; i < 4; i++)
            {
                Mix(ref v[i], ref v[4 + i], ref v[8 + i], ref v[12 + i], message[order[2 * i]], message[order[(2 * i) + 1]]);
            }

            for (int i = 0; i < 4; i++)
            {
                Mix(ref v[i], ref v[4 + ((i + 1) & 3)], ref v[8 + ((i + 2) & 3)], ref v[12 + ((i + 3) & 3)],
                    message[order[8 + (2 * i)]], message[order[9 + (2 * i)]]);
            }
        }

        for (int i = 0; i < _state.Length; i++)
        {
            _state[i] ^= v[i] ^ v[8 + i];
        }

        MemoryMarshal.AsBytes(message).Clear();
        Array.Clear(_block);
        _blockLength = 0;
    }

    private static void Mix(ref ulong a, ref ulong b, ref ulong c, ref ulong d, ulong x, ulong y)
    {
        a += b + x;
        d = BitOperations.RotateRight(d ^ a, 32);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 24);
        a += b + y;
        d = BitOperations.RotateRight(d ^ a, 16);
        c += d;
        b = BitOperations.RotateRight(b ^ c, 63);
    }
}
