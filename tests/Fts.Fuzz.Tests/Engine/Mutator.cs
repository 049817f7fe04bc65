namespace Fts.FuzzTests.Engine;

/// <summary>
/// Creates inputs from a corpus: first each seed input unchanged, then mutations. Input n depends only on the corpus, the seed and n.
/// </summary>
internal sealed class Mutator(Corpus corpus, ulong seed)
{
    /// <summary>
    /// The maximum length of an input. Repetitions create inputs of about this length, which reveal excessive time or memory.
    /// </summary>
    public const int MaxLength = 4096;

    private const int MaxMutations = 5;

    /// <summary>Bytes with a meaning for parsers of text or Telnet, and the limits of ranges.</summary>
    private static readonly byte[] Notable =
    [
        0, 1, 9, 10, 13, 32, 32, 34, 39, 40, 41, 42, 44, 45, 46, 47, 48, 57, 58, 59, 61, 64, 91, 92, 93, 124, 127, 128, 194, 237, 251, 254,
        255,
    ];

    private readonly byte[] _buffer = new byte[MaxLength];
    private int _length;

    /// <summary>Returns the input with this number. It is valid until the next call.</summary>
    public ReadOnlySpan<byte> CreateInput(int number)
    {
        var random = new FuzzRandom(seed ^ ((ulong)number * 0xD6E8FEB86659FD93));
        Replace(0, _length, corpus.Seeds[number < corpus.Seeds.Count ? number : random.Next(corpus.Seeds.Count)]);
        for (int remaining = number < corpus.Seeds.Count ? 0 : 1 + random.Next(MaxMutations); remaining > 0; remaining--)
        {
            Mutate(ref random);
        }

        return _buffer.AsSpan(0, _length);
    }

    private void Mutate(ref FuzzRandom random)
    {
        int at = random.Next(_length + 1);
        int span = Math.Min(random.Next(4) == 0 ? random.Next(_length + 1) : 1 + random.Next(4), _length - at);
        switch (random.Next(10))
        {
            case 0 when at < _length:
                _buffer[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when at < _length:
                _buffer[at] = Notable[random.Next(Notable.Length)];
                break;
            case 2:
                Replace(at, 0, [Notable[random.Next(Notable.Length)]]);
                break;
            case 3:
                Replace(at, 0, [(byte)random.Next(256)]);
                break;
            case 4:
                Replace(at, span, []);
                break;
            case 5 when corpus.Tokens.Count > 0:
                Replace(at, random.Next(2) == 0 ? 0 : span, corpus.Tokens[random.Next(corpus.Tokens.Count)]);
                break;
            case 6:
                byte[] other = corpus.Seeds[random.Next(corpus.Seeds.Count)];
                int from = random.Next(other.Length + 1);
                Replace(at, random.Next(2) == 0 ? 0 : span, other.AsSpan(from, random.Next(other.Length - from + 1)));
                break;
            case 7:
                Repeat(at, span, random.Next(16) == 0 ? MaxLength : 1 + random.Next(8));
                break;
            case 8 when at < _length && char.IsAsciiDigit((char)_buffer[at]):
                _buffer[at] = (byte)('0' + random.Next(10));
                break;
            case 9:
                _length = random.Next(8) == 0 ? at : _length;
                break;
        }
    }

    private void Repeat(int at, int span, int times)
    {
        byte[] piece = _buffer.AsSpan(at, span).ToArray();
        for (int i = 0; i < times && span > 0 && _length + span <= MaxLength; i++)
        {
            Replace(at, 0, piece);
        }
    }

    /// <summary>Replaces bytes by others. Truncates the input at its maximum length.</summary>
    private void Replace(int at, int removed, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, MaxLength - at)];
        int tail = Math.Min(_length - at - removed, MaxLength - at - bytes.Length);
        _buffer.AsSpan(at + removed, tail).CopyTo(_buffer.AsSpan(at + bytes.Length));
        bytes.CopyTo(_buffer.AsSpan(at));
        _length = at + bytes.Length + tail;
    }
}
