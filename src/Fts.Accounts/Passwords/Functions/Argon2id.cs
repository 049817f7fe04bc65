using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fts.Accounts.Passwords.Functions;

/// <summary>The costs of Argon2id.</summary>
/// <param name="Memory">The memory in KiB, at least 8 for each lane.</param>
/// <param name="Passes">The number of passes over the memory, at least 1.</param>
/// <param name="Lanes">The number of lanes, at least 1.</param>
internal readonly record struct Argon2idParameters(int Memory, int Passes, int Lanes);

/// <summary>Argon2id version 1.3 (RFC 9106 §3). The lanes are computed one after the other, on the calling thread.</summary>
internal sealed unsafe class Argon2id
{
    private const int BlockWords = 128, BlockBytes = 1024, SliceCount = 4, Version = 0x13, TypeId = 2;

    private readonly Argon2idParameters _parameters;
    private readonly ulong* _memory;
    private readonly int _laneLength;
    private readonly int _segmentLength;

    private Argon2id(Argon2idParameters parameters, ulong* memory)
    {
        _parameters = parameters;
        _memory = memory;
        _segmentLength = parameters.Memory / (SliceCount * parameters.Lanes);
        _laneLength = SliceCount * _segmentLength;
    }

    /// <summary>Computes a hash. The secret and the associated data are optional.</summary>
    /// <exception cref="OutOfMemoryException">The memory cannot be allocated.</exception>
    public static void ComputeHash(
        Argon2idParameters parameters, ReadOnlySpan<byte> password, ReadOnlySpan<byte> salt, ReadOnlySpan<byte> secret,
        ReadOnlySpan<byte> associatedData, Span<byte> hash)
    {
        var blake = new Blake2b(Blake2b.MaxDigestLength);
        blake.Append(parameters.Lanes);
        blake.Append(hash.Length);
        blake.Append(parameters.Memory);
        blake.Append(parameters.Passes);
        blake.Append(Version);
        blake.Append(TypeId);
        AppendWithLength(blake, password);
        AppendWithLength(blake, salt);
        AppendWithLength(blake, secret);
        AppendWithLength(blake, associatedData);
        Span<byte> seed = stackalloc byte[Blake2b.MaxDigestLength + 8];
        blake.Finish(seed);

        // Native memory returns to the system at once. A managed array would stay until a full collection.
        nuint length = (nuint)parameters.Memory * BlockBytes;
        ulong* memory = (ulong*)NativeMemory.Alloc(length);
        try
        {
            var argon = new Argon2id(parameters, memory);
            argon.FillFirstBlocks(seed);
            argon.FillMemory();
            argon.WriteHash(hash);
        }
        finally
        {
            NativeMemory.Clear(memory, length);
            NativeMemory.Free(memory);
        }
    }

    private ulong* GetBlock(int lane, int column) => _memory + ((((long)lane * _laneLength) + column) * BlockWords);

    private void FillFirstBlocks(Span<byte> seed)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        for (int lane = 0; lane < _parameters.Lanes; lane++)
        {
            for (int column = 0; column < 2; column++)
            {
                BinaryPrimitives.WriteInt32LittleEndian(seed[^8..], column);
                BinaryPrimitives.WriteInt32LittleEndian(seed[^4..], lane);
                ComputeLongHash(seed, block);
                ulong* words = GetBlock(lane, column);
                for (int i = 0; i < BlockWords; i++)
                {
                    words[i] = BinaryPrimitives.ReadUInt64LittleEndian(block[(8 * i)..]);
                }
            }
        }
    }

    private void FillMemory()
    {
        for (int pass = 0; pass < _parameters.Passes; pass++)
        {
            for (int slice = 0; slice < SliceCount; slice++)
            {
                for (int lane = 0; lane < _parameters.Lanes; lane++)
                {
                    FillSegment(pass, slice, lane);
                }
            }
        }
    }

    private void FillSegment(int pass, int slice, int lane)
    {
        // The first half of the first pass does not depend on the password (RFC 9106 §3.4.1.3).
        bool isIndependent = pass == 0 && slice < SliceCount / 2;
        ulong* addresses = stackalloc ulong[3 * BlockWords];
        ulong* input = addresses + BlockWords, zero = input + BlockWords;
        new Span<ulong>(addresses, 3 * BlockWords).Clear();
        (input[0], input[1], input[2]) = ((ulong)pass, (ulong)lane, (ulong)slice);
        (input[3], input[4], input[5]) = ((ulong)_laneLength * (ulong)_parameters.Lanes, (ulong)_parameters.Passes, TypeId);

        int start = pass == 0 && slice == 0 ? 2 : 0;
        for (int index = start; index < _segmentLength; index++)
        {
            int column = (slice * _segmentLength) + index;
            ulong* previous = GetBlock(lane, column == 0 ? _laneLength - 1 : column - 1);
            if (isIndependent && (index == start || index % BlockWords == 0))
            {
                input[6]++;
                CompressBlocks(zero, input, addresses, isAdded: false);
                CompressBlocks(zero, addresses, addresses, isAdded: false);
            }

            ulong* reference = GetReference(isIndependent ? addresses[index % BlockWords] : previous[0], pass, slice, lane, index);
            CompressBlocks(previous, reference, GetBlock(lane, column), isAdded: pass > 0);
        }
    }

    /// <summary>Returns the reference block for a pseudo-random number (RFC 9106 §3.4.2).</summary>
    private ulong* GetReference(ulong random, int pass, int slice, int lane, int index)
    {
        int referenceLane = pass == 0 && slice == 0 ? lane : (int)((random >> 32) % (uint)_parameters.Lanes);
        int finished = pass == 0 ? slice * _segmentLength : _laneLength - _segmentLength;
        int area = referenceLane == lane ? finished + index - 1 : finished - (index == 0 ? 1 : 0);
        ulong low = (uint)random;
        ulong distance = ((ulong)area * ((low * low) >> 32)) >> 32;
        int start = pass == 0 || slice == SliceCount - 1 ? 0 : (slice + 1) * _segmentLength;
        return GetBlock(referenceLane, (int)((start + area - 1 - (long)distance) % _laneLength));
    }

    private void WriteHash(Span<byte> hash)
    {
        Span<byte> block = stackalloc byte[BlockBytes];
        for (int i = 0; i < BlockWords; i++)
        {
            ulong word = 0;
            for (int lane = 0; lane < _parameters.Lanes; lane++)
            {
                word ^= GetBlock(lane, _laneLength - 1)[i];
            }

            BinaryPrimitives.WriteUInt64LittleEndian(block[(8 * i)..], word);
        }

        ComputeLongHash(block, hash);
    }

    /// <summary>Computes the hash function of variable length (RFC 9106 §3.3).</summary>
    private static void ComputeLongHash(ReadOnlySpan<byte> message, Span<byte> hash)
    {
        var blake = new Blake2b(Math.Min(hash.Length, Blake2b.MaxDigestLength));
        blake.Append(hash.Length);
        blake.Append(message);
        Span<byte> digest = stackalloc byte[Blake2b.MaxDigestLength];
        blake.Finish(digest);
        while (hash.Length > Blake2b.MaxDigestLength)
        {
            digest[..32].CopyTo(hash);
            hash = hash[32..];
            blake = new Blake2b(Math.Min(hash.Length, Blake2b.MaxDigestLength));
            blake.Append(digest);
            blake.Finish(digest);
        }

        digest[..hash.Length].CopyTo(hash);
    }

    /// <summary>
    /// Compresses two blocks to one (RFC 9106 §3.5). The result may replace one of them. It is optionally combined with the block that it
    /// replaces.
    /// </summary>
    [SkipLocalsInit]
    private static void CompressBlocks(ulong* first, ulong* second, ulong* result, bool isAdded)
    {
        ulong* mixed = stackalloc ulong[BlockWords];
        ulong* sum = stackalloc ulong[BlockWords];
        for (int i = 0; i < BlockWords; i++)
        {
            mixed[i] = sum[i] = first[i] ^ second[i];
        }

        for (int row = 0; row < 8; row++)
        {
            Permute(mixed + (16 * row), 2);
        }

        for (int column = 0; column < 8; column++)
        {
            Permute(mixed + (2 * column), 16);
        }

        for (int i = 0; i < BlockWords; i++)
        {
            result[i] = (isAdded ? result[i] : 0) ^ mixed[i] ^ sum[i];
        }
    }

    /// <summary>Permutes 16 words (RFC 9106 §3.6): 8 pairs of words at a distance of <paramref name="step"/> words.</summary>
    private static void Permute(ulong* v, int step)
    {
        Mix(v, v + (2 * step), v + (4 * step), v + (6 * step));
        Mix(v + 1, v + (2 * step) + 1, v + (4 * step) + 1, v + (6 * step) + 1);
        Mix(v + step, v + (3 * step), v + (5 * step), v + (7 * step));
        Mix(v + step + 1, v + (3 * step) + 1, v + (5 * step) + 1, v + (7 * step) + 1);
        Mix(v, v + (2 * step) + 1, v + (5 * step), v + (7 * step) + 1);
        Mix(v + 1, v + (3 * step), v + (5 * step) + 1, v + (6 * step));
        Mix(v + step, v + (3 * step) + 1, v + (4 * step), v + (6 * step) + 1);
        Mix(v + step + 1, v + (2 * step), v + (4 * step) + 1, v + (7 * step));
    }

    private static void Mix(ulong* first, ulong* second, ulong* third, ulong* fourth)
    {
        ulong a = *first, b = *second, c = *third, d = *fourth;
        a = MultiplyAdd(a, b);
        d = BitOperations.RotateRight(d ^ a, 32);
        c = MultiplyAdd(c, d);
        b = BitOperations.RotateRight(b ^ c, 24);
        a = MultiplyAdd(a, b);
        d = BitOperations.RotateRight(d ^ a, 16);
        c = MultiplyAdd(c, d);
        b = BitOperations.RotateRight(b ^ c, 63);
        (*first, *second, *third, *fourth) = (a, b, c, d);
    }

    private static ulong MultiplyAdd(ulong x, ulong y) => x + y + (2UL * (uint)x * (uint)y);

    private static void AppendWithLength(Blake2b blake, ReadOnlySpan<byte> bytes)
    {
        blake.Append(bytes.Length);
        blake.Append(bytes);
    }
}
