namespace Fts.Server.Tests;

public sealed class FifoCacheTests
{
    [Fact]
    public void The_entry_that_was_added_first_is_evicted()
    {
        var cache = new FifoCache<string, int>(2);
        cache.Add("a", 1);
        cache.Add("b", 2);
        cache.Add("c", 3);
        Assert.False(cache.TryGet("a", out _));
        Assert.True(cache.TryGet("b", out int b));
        Assert.True(cache.TryGet("c", out int c));
        Assert.Equal((2, 3), (b, c));
    }

    [Fact]
    public void A_second_value_for_a_key_is_ignored()
    {
        var cache = new FifoCache<string, int>(2);
        cache.Add("a", 1);
        cache.Add("a", 2);
        Assert.True(cache.TryGet("a", out int value));
        Assert.Equal(1, value);
    }

    [Fact]
    public void A_removed_key_that_is_added_again_counts_as_new()
    {
        var cache = new FifoCache<string, int>(2);
        cache.Add("a", 1);
        cache.Add("b", 2);
        cache.Remove("a");
        cache.Add("a", 3);
        cache.Add("c", 4);
        Assert.False(cache.TryGet("b", out _));
        Assert.True(cache.TryGet("a", out int value));
        Assert.Equal(3, value);
    }

    [Fact]
    public void A_cleared_cache_is_empty()
    {
        var cache = new FifoCache<string, int>(1);
        cache.Add("a", 1);
        cache.Clear();
        Assert.False(cache.TryGet("a", out _));
        cache.Add("b", 2);
        Assert.True(cache.TryGet("b", out _));
    }
}
