namespace Fts.FuzzTests.Engine;

/// <summary>Makes inputs of a corpus: first each of its seeds as it stands, then mutants. Input number n follows from the seed and n alone.</summary>
internal sealed class Mutator(Corpus corpus, ulong seed)
{
    /// <summary>No input is longer. Repeated pieces come near it, so that work or memory out of proportion to the input shows.</summary>
    public const int LongestInput = 4096;

    private const int MostMutations = 5;

    /// <summary>Bytes that mean something to a parser of text or of Telnet, and the ends of ranges.</summary>
    private static readonly byte[] Notable = [0, 1, 9, 10, 13, 32, 32, 34, 39, 40, 41, 42, 44, 45, 46, 47, 48, 57, 58, 59, 61, 64, 91, 92, 93, 124, 127, 128, 194, 237, 251, 254, 255];

    private readonly byte[] _buffer = new byte[LongestInput];
    private int _length;

    /// <summary>The input of a number; valid until the next is made.</summary>
    public ReadOnlySpan<byte> CreateInput(int number)
    {
        var dice = new FuzzRandom(seed ^ ((ulong)number * 0xD6E8FEB86659FD93));
        Replace(0, _length, corpus.Seeds[number < corpus.Seeds.Count ? number : dice.Next(corpus.Seeds.Count)]);
        for (int left = number < corpus.Seeds.Count ? 0 : 1 + dice.Next(MostMutations); left > 0; left--)
        {
            Mutate(ref dice);
        }

        return _buffer.AsSpan(0, _length);
    }

    private void Mutate(ref FuzzRandom dice)
    {
        int at = dice.Next(_length + 1);
        int span = Math.Min(dice.Next(4) == 0 ? dice.Next(_length + 1) : 1 + dice.Next(4), _length - at);
        switch (dice.Next(10))
        {
            case 0 when at < _length:
                _buffer[at] ^= (byte)(1 << dice.Next(8));
                break;
            case 1 when at < _length:
                _buffer[at] = Notable[dice.Next(Notable.Length)];
                break;
            case 2:
                Replace(at, 0, [Notable[dice.Next(Notable.Length)]]);
                break;
            case 3:
                Replace(at, 0, [(byte)dice.Next(256)]);
                break;
            case 4:
                Replace(at, span, []);
                break;
            case 5 when corpus.Tokens.Count > 0:
                Replace(at, dice.Next(2) == 0 ? 0 : span, corpus.Tokens[dice.Next(corpus.Tokens.Count)]);
                break;
            case 6:
                byte[] other = corpus.Seeds[dice.Next(corpus.Seeds.Count)];
                int from = dice.Next(other.Length + 1);
                Replace(at, dice.Next(2) == 0 ? 0 : span, other.AsSpan(from, dice.Next(other.Length - from + 1)));
                break;
            case 7:
                Repeat(at, span, dice.Next(16) == 0 ? LongestInput : 1 + dice.Next(8));
                break;
            case 8 when at < _length && char.IsAsciiDigit((char)_buffer[at]):
                _buffer[at] = (byte)('0' + dice.Next(10));
                break;
            case 9:
                _length = dice.Next(8) == 0 ? at : _length;
                break;
        }
    }

    private void Repeat(int at, int span, int times)
    {
        byte[] piece = _buffer.AsSpan(at, span).ToArray();
        for (int i = 0; i < times && span > 0 && _length + span <= LongestInput; i++)
        {
            Replace(at, 0, piece);
        }
    }

    /// <summary>Puts bytes in the place of others; what would go beyond the longest input falls off.</summary>
    private void Replace(int at, int removed, ReadOnlySpan<byte> bytes)
    {
        bytes = bytes[..Math.Min(bytes.Length, LongestInput - at)];
        int tail = Math.Min(_length - at - removed, LongestInput - at - bytes.Length);
        _buffer.AsSpan(at + removed, tail).CopyTo(_buffer.AsSpan(at + bytes.Length));
        bytes.CopyTo(_buffer.AsSpan(at));
        _length = at + bytes.Length + tail;
    }
}
