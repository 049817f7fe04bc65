using FsCheck;
using FsCheck.Fluent;

namespace Fts.Protocol.Tests;

public sealed class QuotedArgumentsTests
{
    private static readonly Gen<string> s_text =
        Gen.OneOf(Gen.Elements("\"", "\"\"", " ", "a", "b c", "\\", "/"), ArbMap.Default.GeneratorFor<string>().Select(text =>
            text ?? "")).ListOf().Select(string.Concat);

    [Theory]
    [InlineData("", "")]
    [InlineData("  ", "")]
    [InlineData("a b", "a|b")]
    [InlineData(" a  \"b c\" ", "a|b c")]
    [InlineData("\"a\"\"b\"", "a\"b")]
    [InlineData("\"\" a", "|a")]
    [InlineData("a\"b\"", "a\"b\"")]
    public void Words_are_separated_by_spaces_or_quoted(string text, string words) =>
        Assert.Equal(words.Length == 0 ? [] : words.Split('|'), QuotedArguments.Parse(text));

    [Theory]
    [InlineData("\"")]
    [InlineData("a \"b")]
    [InlineData("\"a\"\"")]
    [InlineData("\"a\"b")]
    [InlineData("\"a\"b\"")]
    public void A_quoted_word_must_end_with_a_quote_before_a_space(string text) => Assert.Null(QuotedArguments.Parse(text));

    [Fact]
    public void Quoted_words_are_parsed_to_the_same_words() => Check.One(
        Config.QuickThrowOnFailure.WithQuietOnSuccess(true),
        Prop.ForAll(s_text.ListOf().ToArbitrary(), words =>
            QuotedArguments.Parse(string.Join(' ', words.Select(PathQuoting.Quote)))!.SequenceEqual(words)));

    [Fact]
    public void Any_text_is_rejected_or_gives_words_that_are_not_longer() => Check.One(
        Config.QuickThrowOnFailure.WithMaxTest(1000).WithQuietOnSuccess(true),
        Prop.ForAll(s_text.ToArbitrary(), text => QuotedArguments.Parse(text) is not { } words ||
            words.Sum(word => word.Length) <= text.Length));
}
