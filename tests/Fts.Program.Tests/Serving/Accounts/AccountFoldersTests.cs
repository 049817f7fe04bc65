using Fts.Accounts.Settings;
using Fts.Serving.Accounts;
using Fts.Storage;

namespace Fts.ProgramTests.Serving.Accounts;

public sealed class AccountFoldersTests
{
    [Fact]
    public void The_sandbox_allows_homes_mounts_and_the_folders_above_them()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The paths are those of Linux.");
        Assert.Equal(
            ["/data", "/mnt/big/share", "/srv/ftp", "/srv/groups/new", "/srv/groups/share%u"],
            AccountFolders.GetFolders(
                new AccountSnapshot(
                    1,
                    [
                        Account(new() { Home = "/srv/ftp/%u" }),
                        // The folder above is directly below the root, so only the directory itself is allowed.
                        Account(new() { Home = "/data" }),
                        Account(new() { Mounts = [new MountSettings(StorePath.Root.Child("pub"), "/mnt/big/share/pub", true)] }),
                    ],
                    [
                        Group("g", "/srv/groups/new/%u/files"),
                        Group("h", "/srv/groups/share%%u/%u"),
                    ]),
                ["/srv/ftp/extra"]));
    }

    private static Versioned<GroupSettings> Group(string name, string home) =>
        new(new GroupSettings(name) { Access = new() { Home = home } }, 1);

    private static Versioned<AccountSettings> Account(AccessSettings access) => new(new AccountSettings("anna") { Access = access }, 1);
}
