using System.Text;
using System.Text.Unicode;

namespace Fts.FuzzTests.Engine;

/// <summary>Hands one input to a parser and checks what comes out; throws where that is wrong.</summary>
internal delegate void FuzzAction(ReadOnlySpan<byte> input);

/// <summary>One parser under test.</summary>
/// <param name="Name">Its name, and unless <see cref="Corpus"/> says otherwise its corpus'.</param>
/// <param name="Act">What is done with each input.</param>
internal sealed record FuzzTarget(string Name, FuzzAction Act)
{
    /// <summary>A parser of text. Bytes become text as in the client: what is not UTF-8 is read as Latin-1.</summary>
    public static FuzzTarget OfText(string name, Action<string> act) => new(name, input => act(Decode(input)));

    /// <summary>The corpus to start from.</summary>
    public string Corpus { get; init; } = Name;

    /// <summary>What the parser throws for an input it refuses; any other exception is a bug.</summary>
    public Type? Refusal { get; init; }

    /// <summary>Its share of the inputs, beside the others'. What is slow to ask takes less.</summary>
    public int Weight { get; init; } = 100;

    /// <summary>Bytes that one input may make it allocate, for each byte of input; checks of the results included.</summary>
    public int BytesPerByte { get; init; } = 64;

    /// <summary>Closed when its inputs are through.</summary>
    public IDisposable? Owned { get; init; }

    /// <summary>Bytes as text.</summary>
    public static string Decode(ReadOnlySpan<byte> input) => Utf8.IsValid(input) ? Encoding.UTF8.GetString(input) : Encoding.Latin1.GetString(input);
}
