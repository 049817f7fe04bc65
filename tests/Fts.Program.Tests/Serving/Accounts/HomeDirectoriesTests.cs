using Fts.Accounts.Settings;
using Fts.ProgramTests.Support;
using Fts.Serving.Accounts;

namespace Fts.ProgramTests.Serving.Accounts;

public sealed class HomeDirectoriesTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_home_has_one_path_whichever_link_leads_to_it()
    {
        Directory.CreateDirectory(_folder["srv/data/ann"]);
        Directory.CreateSymbolicLink(_folder["link"], _folder["srv"]);
        HomeDirectories homes = Create(("ann", "link/data/ann", 5), ("bob", "srv/data", 9), ("carl", "link/data/new", null));
        Assert.Equal(_folder["srv/data/ann"], homes.GetPath(_folder["link/data/ann"]));
        Assert.Equal(_folder["srv/data/ann"], homes.GetHome(Resolve(Account("ann", "link/data/ann", 5))));
        Assert.Equal(_folder["srv/data/new"], homes.GetHome(Resolve(Account("carl", "link/data/new", null)))); // does not exist yet
        Assert.Equal("", homes.GetHome(Resolve(new AccountSettings("dora"))));
    }

    [Fact]
    public void Names_that_lead_to_one_directory_have_one_path()
    {
        // As on a file system that ignores case: the identity does not depend on the case of the path.
        var homes = HomeDirectories.Create(
            Snapshot(Account("ann", "SRV/DATA/ann", 5), Account("bob", "srv/Data", 9), Account("carl", "srv/Other", 9)), servedFolder: "",
            path => (8, 1, (ulong)path.ToUpperInvariant().GetHashCode(StringComparison.Ordinal)));
        Assert.Equal(_folder["srv/Data/ann"], homes.GetPath(_folder["SRV/DATA/ann"]));
        Assert.Equal(_folder["srv/Data/ann/x"], homes.GetPath(_folder["srv/data/ANN/x"]));
        Assert.Equal(_folder["srv/Other"], homes.GetPath(_folder["SRV/OTHER"]));
    }

    private static ResolvedAccount Resolve(AccountSettings account) => Assert.Single(Snapshot(account).Resolve());

    private static AccountSnapshot Snapshot(params AccountSettings[] accounts) =>
        new(1, [.. accounts.Select(account => new Versioned<AccountSettings>(account, 1))], []);

    private HomeDirectories Create(params (string Name, string Home, long? Quota)[] accounts) => HomeDirectories.Create(
        Snapshot([.. accounts.Select(account => Account(account.Name, account.Home, account.Quota))]), servedFolder: "");

    private AccountSettings Account(string name, string home, long? quota) =>
        new(name) { Access = new AccessSettings { Home = _folder[home], QuotaBytes = quota } };
}
