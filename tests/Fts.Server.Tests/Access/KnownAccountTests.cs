using System.Net;
using Fts.Server.Access;

namespace Fts.Server.Tests.Access;

/// <summary>The accounts that recently logged in, per address.</summary>
public sealed class KnownAccountTests
{
    private static readonly AddressBlock One = GetBlock("192.0.2.1"), Two = GetBlock("192.0.2.2"), Three = GetBlock("192.0.2.3");

    private readonly KnownAccounts _known = new(maxAddresses: 2);

    [Fact]
    public void An_account_is_known_for_24_hours_after_its_last_login()
    {
        _known.Add(One, 1, TimeSpan.Zero);
        Assert.True(_known.Contains(One, 1, TimeSpan.FromHours(24) - TimeSpan.FromTicks(1)));
        Assert.False(_known.Contains(One, 1, TimeSpan.FromHours(24)));
        _known.Add(One, 1, TimeSpan.FromHours(12));
        Assert.True(_known.Contains(One, 1, TimeSpan.FromHours(24)));
        Assert.False(_known.Contains(One, 2, TimeSpan.Zero));
        Assert.False(_known.Contains(Two, 1, TimeSpan.Zero));
    }

    [Fact]
    public void The_33rd_account_evicts_the_one_with_the_oldest_login()
    {
        for (int account = 1; account <= 32; account++)
        {
            _known.Add(One, account, TimeSpan.FromSeconds(account));
        }

        _known.Add(One, 1, TimeSpan.FromSeconds(33));
        _known.Add(One, 33, TimeSpan.FromSeconds(34));
        Assert.Equal([2], Enumerable.Range(1, 33).Where(account => !_known.Contains(One, account, TimeSpan.FromSeconds(35))));
    }

    [Fact]
    public void The_third_address_evicts_the_one_with_the_oldest_login()
    {
        _known.Add(One, 1, TimeSpan.FromSeconds(1));
        _known.Add(Two, 1, TimeSpan.FromSeconds(2));
        _known.Add(One, 2, TimeSpan.FromSeconds(3));
        _known.Add(Three, 1, TimeSpan.FromSeconds(4));
        Assert.Equal(
            [One, Three], ((AddressBlock[])[One, Two, Three]).Where(address => _known.Contains(address, 1, TimeSpan.FromSeconds(5))));
    }

    private static AddressBlock GetBlock(string address) => AddressBlock.FromAddress(IPAddress.Parse(address));
}
