using System.Text;
using System.Text.Unicode;

namespace Fts.FuzzTests.Engine;

/// <summary>Passes one input to a parser and verifies the result. Throws an exception if it is wrong.</summary>
internal delegate void FuzzAction(ReadOnlySpan<byte> input);

/// <summary>One parser under test.</summary>
/// <param name="Name">The name, which is also the default name of the corpus.</param>
/// <param name="Act">The action for each input.</param>
internal sealed record FuzzTarget(string Name, FuzzAction Act)
{
    /// <summary>Creates a target for a parser of text. Input that is not UTF-8 is decoded as Latin-1, as in the client.</summary>
    public static FuzzTarget OfText(string name, Action<string> act) => new(name, input => act(Decode(input)));

    /// <summary>The name of the corpus.</summary>
    public string Corpus { get; init; } = Name;

    /// <summary>The exception with which the parser rejects an input. Any other exception is a bug.</summary>
    public Type? ExpectedException { get; init; }

    /// <summary>The relative number of inputs. Slow targets have a lower weight.</summary>
    public int Weight { get; init; } = 100;

    /// <summary>The bytes that may be allocated for each byte of input, including the verification of the result.</summary>
    public int BytesPerByte { get; init; } = 64;

    /// <summary>An object that is disposed after the last input, or null.</summary>
    public IDisposable? Owned { get; init; }

    /// <summary>Decodes an input as text.</summary>
    public static string Decode(ReadOnlySpan<byte> input) => Utf8.IsValid(input)
        ? Encoding.UTF8.GetString(input)
        : Encoding.Latin1.GetString(input);
}
