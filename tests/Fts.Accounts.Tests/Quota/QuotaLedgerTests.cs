using Fts.Accounts.Quota;
using Fts.Storage;

namespace Fts.Accounts.Tests.Quota;

public sealed class QuotaLedgerTests
{
    private readonly QuotaLedger _ledger = new();

    [Theory]
    [InlineData("/srv/ann", "/srv", "/srv/ann")]
    [InlineData("/srv/ann/x/y", "/srv", "/srv/ann")]
    [InlineData("/srv/anna", "/srv")]
    [InlineData("/srv", "/srv")]
    [InlineData("/srvx")]
    [InlineData("/")]
    public void A_location_belongs_to_all_directories_that_contain_it(string location, params string[] expected)
    {
        _ledger.SetLimit("ann", "/srv/ann", new QuotaLimit(1, null));
        _ledger.SetLimit("admin", "/srv", new QuotaLimit(1, null));
        Assert.Equal(expected, _ledger.Find(location).Select(each => each.Path).Order());
    }

    [Fact]
    public void The_root_directory_contains_everything()
    {
        _ledger.SetLimit("admin", "/", new QuotaLimit(1, null));
        Assert.Single(_ledger.Find("/a/b"));
        Assert.Single(_ledger.Find("/"));
    }

    [Fact]
    public void Accounts_with_the_same_home_have_their_own_limits_and_others_the_most_generous_one()
    {
        _ledger.SetLimit("ann", "/srv", new QuotaLimit(100, 5));
        _ledger.SetLimit("bob", "/srv", new QuotaLimit(200, null));
        Assert.Equal(new QuotaLimit(100, 5), _ledger.GetUsage("/srv", "ann")!.Limit);
        Assert.Equal(new QuotaLimit(200, null), _ledger.GetUsage("/srv", "bob")!.Limit);
        Assert.Equal(new QuotaLimit(200, null), _ledger.GetUsage("/srv", "eve")!.Limit);
        _ledger.SetLimit("bob", "/srv", null);
        Assert.Equal(new QuotaLimit(100, 5), _ledger.GetUsage("/srv", "eve")!.Limit);
    }

    [Fact]
    public void Replacing_all_limits_removes_those_of_other_accounts_and_keeps_the_usage()
    {
        _ledger.SetLimit("ann", "/srv", new QuotaLimit(100, null));
        _ledger.Settle(null, [new LedgerChange(_ledger.Find("/srv/a")[0], 1, new QuotaAmount(70, 1))]);
        _ledger.SetLimits([new AccountQuota("bob", "/bob", new QuotaLimit(5, null))]);
        Assert.Equal((new QuotaLimit(null, null), new QuotaAmount(70, 1)),
            (_ledger.GetUsage("/srv", "ann")!.Limit, _ledger.GetUsage("/srv", "ann")!.Used));
        Assert.Equal(new QuotaLimit(5, null), _ledger.GetUsage("/bob", "bob")!.Limit);
    }

    [Fact]
    public void A_refused_reservation_reserves_nothing_in_any_directory()
    {
        _ledger.SetLimit("admin", "/srv", new QuotaLimit(1000, null));
        _ledger.SetLimit("ann", "/srv/ann", new QuotaLimit(100, null));
        using var reservation = new QuotaReservation(_ledger, "ann", _ledger.Find("/srv/ann/a"));
        reservation.Require(new QuotaAmount(60, 1));
        Assert.Throws<StoreException>(() => reservation.Require(new QuotaAmount(101, 1)));
        Assert.Equal(new QuotaAmount(60, 1), _ledger.GetUsage("/srv", "ann")!.Reserved);
        reservation.Require(new QuotaAmount(100, 1));
        reservation.Dispose();
        Assert.Equal(default, _ledger.GetUsage("/srv", "ann")!.Reserved);
        Assert.Equal(default, _ledger.GetUsage("/srv/ann", "ann")!.Reserved);
    }

    [Fact]
    public async Task Concurrent_reservations_never_exceed_the_limit()
    {
        const int Limit = 10_000;
        _ledger.SetLimit("ann", "/srv", new QuotaLimit(Limit, null));
        long most = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(number => Task.Run(() =>
        {
            var random = new Random(number);
            for (int round = 0; round < 2000; round++)
            {
                using var reservation = new QuotaReservation(_ledger, "ann", _ledger.Find("/srv/a"));
                try
                {
                    reservation.Require(new QuotaAmount(random.Next(4000), 1));
                    reservation.Require(new QuotaAmount(random.Next(8000), 1));
                    long reserved = _ledger.GetUsage("/srv", "ann")!.Reserved.Bytes;
                    InterlockedMax(ref most, reserved);
                }
                catch (StoreException e) when (e.Error == StoreError.QuotaExceeded)
                {
                    // Expected, because eight sessions share the limit.
                }
            }
        })));
        Assert.InRange(most, 1, Limit);
        Assert.Equal(default, _ledger.GetUsage("/srv", "ann")!.Reserved);
    }

    private static void InterlockedMax(ref long target, long value)
    {
        long seen;
        while ((seen = Interlocked.Read(ref target)) < value && Interlocked.CompareExchange(ref target, value, seen) != seen)
        {
        }
    }

    [Fact]
    public void A_store_that_ignores_case_counts_a_nested_directory_under_each_spelling()
    {
        _ledger.SetLimit("ann", "/srv", new QuotaLimit(10, null));
        _ledger.SetLimit("bob", "/srv/Data", new QuotaLimit(10, null));
        _ledger.SetLimit("carl", "/srv/Data2", new QuotaLimit(10, null));
        var ignoresCase = new CaseInsensitiveStore(hasIds: true);
        Assert.Equal(["/srv", "/srv/Data"], FindPaths("/data/f", ignoresCase));
        Assert.Equal(["/srv", "/srv/Data"], FindPaths("/Data/f", ignoresCase));
        Assert.Equal(["/srv"], FindPaths("/data/f", new Storage.Memory.MemoryFileStore()));

        string[] FindPaths(string path, Storage.IFileStore store)
        {
            Storage.StorePath at = Storage.StorePath.Root.Resolve(path)!.Value;
            return [.. _ledger.Find(new Fts.Accounts.Recording.StoreLocation("/srv", at), at, store).Select(each => each.Path).Order()];
        }
    }
}
