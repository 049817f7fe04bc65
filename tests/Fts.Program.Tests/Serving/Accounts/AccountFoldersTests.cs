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
            ["/data", "/mnt/big/share", "/srv/ftp", "/srv/groups/new"],
            AccountFolders.GetFolders(
                new AccountSnapshot(
                    1,
                    [
                        Account(new() { Home = "/srv/ftp/%u" }),
                        // The folder above is directly below the root, so only the directory itself is allowed.
                        Account(new() { Home = "/data" }),
                        Account(new() { Mounts = [new MountSettings(StorePath.Root.Child("pub"), "/mnt/big/share/pub", true)] }),
                    ],
                    [new Versioned<GroupSettings>(new GroupSettings("g") { Access = new() { Home = "/srv/groups/new/%u/files" } }, 1)]),
                ["/srv/ftp/extra"]));
    }

    private static Versioned<AccountSettings> Account(AccessSettings access) => new(new AccountSettings("anna") { Access = access }, 1);
}
