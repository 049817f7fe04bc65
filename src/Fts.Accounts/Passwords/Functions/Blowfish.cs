using System.Buffers.Binary;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>The block cipher Blowfish (Bruce Schneier, 1993), with the key expansion of bcrypt.</summary>
internal sealed unsafe class Blowfish
{
    private const int SubkeyCount = 18, BoxCount = 1024;

    private readonly uint[] _subkeys;
    private readonly uint[] _boxes;

    /// <summary>Creates a cipher in the initial state: the first binary digits of pi after the point.</summary>
    public Blowfish() => (_subkeys, _boxes) = (PiDigits.Words[..SubkeyCount].ToArray(), PiDigits.Words[SubkeyCount..].ToArray());

    /// <summary>Mixes a key, and optionally a salt, into the state.</summary>
    /// <param name="key">72 bytes.</param>
    /// <param name="salt">16 bytes, or none.</param>
    public void ExpandKey(ReadOnlySpan<byte> key, ReadOnlySpan<byte> salt)
    {
        Span<uint> saltWords = stackalloc uint[4];
        for (int i = 0; i < salt.Length / 4; i++)
        {
            saltWords[i] = BinaryPrimitives.ReadUInt32BigEndian(salt[(4 * i)..]);
        }

        fixed (uint* subkeys = _subkeys, boxes = _boxes)
        {
            for (int i = 0; i < SubkeyCount; i++)
            {
                subkeys[i] ^= BinaryPrimitives.ReadUInt32BigEndian(key[(4 * i)..]);
            }

            uint left = 0, right = 0;
            int word = 0;
            for (int i = 0; i < SubkeyCount; i += 2, word ^= 2)
            {
                left ^= saltWords[word];
                right ^= saltWords[word + 1];
                EncryptBlock(subkeys, boxes, ref left, ref right);
                (subkeys[i], subkeys[i + 1]) = (left, right);
            }

            for (int i = 0; i < BoxCount; i += 2, word ^= 2)
            {
                left ^= saltWords[word];
                right ^= saltWords[word + 1];
                EncryptBlock(subkeys, boxes, ref left, ref right);
                (boxes[i], boxes[i + 1]) = (left, right);
            }
        }
    }

    /// <summary>Encrypts each block of 8 bytes in place, several times.</summary>
    public void Encrypt(Span<byte> blocks, int times)
    {
        fixed (uint* subkeys = _subkeys, boxes = _boxes)
        {
            for (; !blocks.IsEmpty; blocks = blocks[8..])
            {
                uint left = BinaryPrimitives.ReadUInt32BigEndian(blocks);
                uint right = BinaryPrimitives.ReadUInt32BigEndian(blocks[4..]);
                for (int i = 0; i < times; i++)
                {
                    EncryptBlock(subkeys, boxes, ref left, ref right);
                }

                BinaryPrimitives.WriteUInt32BigEndian(blocks, left);
                BinaryPrimitives.WriteUInt32BigEndian(blocks[4..], right);
            }
        }
    }

    /// <summary>Overwrites the state with zeros.</summary>
    public void Clear()
    {
        Array.Clear(_subkeys);
        Array.Clear(_boxes);
    }

    private static void EncryptBlock(uint* subkeys, uint* boxes, ref uint leftHalf, ref uint rightHalf)
    {
        uint left = leftHalf ^ subkeys[0], right = rightHalf;
        for (int i = 1; i <= 16; i += 2)
        {
            right ^= Mix(boxes, left) ^ subkeys[i];
            left ^= Mix(boxes, right) ^ subkeys[i + 1];
        }

        (leftHalf, rightHalf) = (right ^ subkeys[17], left);
    }

    private static uint Mix(uint* boxes, uint half) =>
        ((boxes[half >> 24] + boxes[256 + (byte)(half >> 16)]) ^ boxes[512 + (byte)(half >> 8)]) + boxes[768 + (byte)half];
}
