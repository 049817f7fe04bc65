using System.Text;
using Fts.FuzzTests.Engine;

namespace Fts.FuzzTests;

/// <summary>The fuzzer reports failures with their input, and creates the same inputs again for the same seed.</summary>
public sealed class EngineTests
{
    private const ulong Seed = 1;

    private static Task<FuzzFailureException> GetFailureAsync(FuzzTarget target, TimeSpan? timeout = null) =>
        Assert.ThrowsAsync<FuzzFailureException>(() => new FuzzRun(target with { Corpus = "port" }, Seed, timeout).RunAsync(10_000));

    [Fact]
    public async Task An_unexpected_exception_is_reported_with_its_input()
    {
        FuzzTarget target = FuzzTarget.OfText("picky", text =>
            _ = text.Contains(";9", StringComparison.Ordinal) ? throw new FormatException("no") : text) with { Corpus = "mff" };
        var e = await Assert.ThrowsAsync<FuzzFailureException>(() => new FuzzRun(target, Seed).RunAsync(1_000_000));
        Assert.Contains("FormatException", e.Message, StringComparison.Ordinal);
        Assert.Contains(";9", e.Message.Split('\n')[1], StringComparison.Ordinal);
        Assert.IsType<FormatException>(e.InnerException);
    }

    [Fact]
    public async Task An_expected_exception_is_not_a_failure()
    {
        FuzzTarget target = FuzzTarget.OfText("rejecting", _ => throw new FormatException("no"))
            with { Corpus = "port", ExpectedException = typeof(FormatException) };
        Assert.Equal(1000, await new FuzzRun(target, Seed).RunAsync(1000));
    }

    [Fact]
    public async Task Excessive_memory_is_reported() =>
        Assert.Contains("allocated", (await GetFailureAsync(FuzzTarget.OfText("greedy", text =>
            _ = new byte[text.Length * text.Length]))).Message, StringComparison.Ordinal);

    [Fact]
    public async Task An_input_that_hangs_is_reported()
    {
        using var never = new ManualResetEventSlim();
        FuzzFailureException e = await GetFailureAsync(new FuzzTarget("stuck", _ =>
            never.Wait(CancellationToken.None)), TimeSpan.FromMilliseconds(20));
        never.Set();
        Assert.Contains("did not return", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failed_check_is_reported() =>
        Assert.Contains("as it should", (await GetFailureAsync(new FuzzTarget("wrong", input =>
            FuzzAssert.True(input.Length < 100, "as it should")))).Message, StringComparison.Ordinal);

    [Fact]
    public void An_input_depends_only_on_seed_and_number()
    {
        var corpus = Corpus.Load("mff");
        var inOrder = new Mutator(corpus, Seed);
        byte[][] inputs = [.. Enumerable.Range(0, 1000).Select(number => inOrder.CreateInput(number).ToArray())];
        Assert.Equal(corpus.Seeds, inputs[..corpus.Seeds.Count]);
        Assert.Equal(inputs[777], new Mutator(corpus, Seed).CreateInput(777).ToArray());
        Assert.NotEqual(inputs[777], new Mutator(corpus, Seed + 1).CreateInput(777).ToArray());
        Assert.True(inputs.Distinct(new ByteArrays()).Count() > 700);
        Assert.Contains(inputs, input => input.Length > Mutator.MaxLength / 2);
    }

    [Fact]
    public void Any_input_can_be_written_as_a_line_of_a_corpus()
    {
        byte[] all = [(byte)'#', .. Enumerable.Range(0, 256).Select(b => (byte)b), (byte)'!'];
        Assert.Equal(all, Corpus.Unescape(Corpus.Escape(all)));
        Assert.Equal(Encoding.UTF8.GetBytes("!caf\u00e9 \U0001F600"), Corpus.Unescape("\\x21caf\u00e9 \U0001F600"));
        Assert.StartsWith("\\x23", Corpus.Escape(all), StringComparison.Ordinal);
        Assert.StartsWith("\\x21", Corpus.Escape("!"u8), StringComparison.Ordinal);
    }

    private sealed class ByteArrays : IEqualityComparer<byte[]>
    {
        public bool Equals(byte[]? x, byte[]? y) => x.AsSpan().SequenceEqual(y);

        public int GetHashCode(byte[] bytes) => bytes.Length;
    }
}
