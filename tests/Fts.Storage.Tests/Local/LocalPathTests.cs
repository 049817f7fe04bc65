using Fts.Storage.Local;

namespace Fts.Storage.Tests.Local;

public sealed class LocalPathTests : IDisposable
{
    private readonly string _folder = LocalPath.ResolveLinks(Directory.CreateTempSubdirectory("fts-path-").FullName);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Links_are_resolved_also_above_entries_that_do_not_exist()
    {
        Directory.CreateDirectory(Path.Combine(_folder, "real/sub"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "relative"), "real/sub");
        Directory.CreateSymbolicLink(Path.Combine(_folder, "absolute"), Path.Combine(_folder, "relative"));
        Directory.CreateSymbolicLink(Path.Combine(_folder, "loop"), "loop");
        Assert.Equal(Path.Combine(_folder, "real/sub/none/x"), LocalPath.ResolveLinks(Path.Combine(_folder, "absolute/none/x")));
        Assert.Equal(Path.Combine(_folder, "real"), LocalPath.ResolveLinks(Path.Combine(_folder, "real/")));
        Assert.Equal(Path.Combine(_folder, "loop"), LocalPath.ResolveLinks(Path.Combine(_folder, "loop")));
        Assert.Equal("/", LocalPath.ResolveLinks("/"));
        Assert.Throws<ArgumentException>(() => LocalPath.ResolveLinks(""));
        Assert.Equal(Path.Combine(_folder, "real/sub"), LocalPath.ResolveMounts(Path.Combine(_folder, "relative")));
    }

    [Theory]
    [InlineData("/mnt/bind", "/srv/a/sub")]
    [InlineData("/mnt/bind/deep/x", "/srv/a/sub/deep/x")]
    [InlineData("/mnt/with space", "/srv/b")]
    [InlineData("/data/home/x", "/mnt/part/x")] // no mount has the root of this file system, and this path is shorter
    [InlineData("/mnt/again", "/srv")]
    [InlineData("/srv/a/sub", null)]
    [InlineData("/mnt/part", null)]
    [InlineData("/mnt/bindother", null)]
    [InlineData("/", null)]
    public void A_bind_mount_has_the_path_of_the_mount_with_most_of_the_file_system(string path, string? expected) => Assert.Equal(
        expected,
        LocalPath.FindLargestMount(
            [
                "21 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw",
                "30 21 8:1 /srv/a/sub /mnt/bind rw - ext4 /dev/sda1 rw",
                @"31 21 8:1 /srv/b /mnt/with\040space rw - ext4 /dev/sda1 rw",
                "32 21 8:2 /home /data/home rw - ext4 /dev/sdb1 rw",
                "33 21 8:2 /home /mnt/part rw - ext4 /dev/sdb1 rw",
                "34 21 8:9 / /mnt/again rw - tmpfs none rw",
                "35 21 8:1 /srv /mnt/again rw - ext4 /dev/sda1 rw",
            ],
            path));
}
