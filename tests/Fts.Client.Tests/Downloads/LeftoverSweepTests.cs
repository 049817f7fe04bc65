using System.Runtime.Versioning;
using Fts.Client.Downloads;
using Fts.Storage.Tests.Local;

namespace Fts.Client.Tests.Downloads;

/// <summary>Which hidden files of a directory are the leftovers of killed processes, and which are not.</summary>
public sealed class LeftoverSweepTests : IDisposable
{
    private const string Name = ".0123456789abcdef.fts-part";

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private string[] LocalNames => [.. _folder.EnumerateFileSystemInfos().Select(info => info.Name).Order(StringComparer.Ordinal)];

    private string this[string name] => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_file_with_a_random_name_is_deleted()
    {
        File.WriteAllText(this[Name], "half");
        new LeftoverSweep().SweepOnce(_folder.FullName);
        Assert.Empty(LocalNames);
    }

    [Fact]
    public void The_staging_file_of_a_running_download_is_kept_until_it_ends()
    {
        string[] sweep()
        {
            new LeftoverSweep().SweepOnce(_folder.FullName);
            return LocalNames;
        }

        using (var staging = new StagingFile(this["a"], mode: null))
        {
            Assert.Single(sweep());
            staging.Write("hello"u8);
            Assert.True(PartialDownloadNames.IsTemporaryName(Assert.Single(sweep())));
            staging.Commit(null, overwrite: true);
        }

        Assert.Equal(["a"], sweep());
        Assert.Equal("hello", File.ReadAllText(this["a"]));
    }

    [Fact]
    public void A_temporary_file_of_a_running_download_is_kept()
    {
        using PartialDownloadFile file = PartialDownloadFile.PrepareTemporary(this["a"]);
        file.CreateOrTruncate(null);
        file.Write("hello"u8);
        new LeftoverSweep().SweepOnce(_folder.FullName);
        file.Commit(null, overwrite: false);
        Assert.Equal(["a"], LocalNames);
    }

    [Theory]
    [InlineData("0123456789abcdef.fts-part")]
    [InlineData(".0123456789abcdeg.fts-part")]
    [InlineData(".0123456789ABCDEF.fts-part")]
    [InlineData(".0123456789abcde.fts-part")]
    [InlineData(".0123456789abcdef.part")]
    [InlineData(".0123456789abcdef.fts-part-of")]
    [InlineData(".a.fts-part")]
    public void A_file_with_another_name_is_kept(string name)
    {
        File.WriteAllText(this[name], "mine");
        new LeftoverSweep().SweepOnce(_folder.FullName);
        Assert.Equal([name], LocalNames);
    }

    [Fact]
    public void A_partial_file_with_a_record_is_kept_because_its_target_has_such_a_name()
    {
        File.WriteAllText(this[Name], "half");
        File.WriteAllText(this[Name + "-of"], "record");
        new LeftoverSweep().SweepOnce(_folder.FullName);
        Assert.Equal([Name, Name + "-of"], LocalNames);
    }

    [Theory]
    [InlineData("directory")]
    [InlineData("link")]
    [InlineData("hard link")]
    public void An_entry_that_no_download_creates_is_kept(string kind)
    {
        File.WriteAllText(this["mine"], "mine");
        FileSystemInfo entry = kind switch
        {
            "directory" => Directory.CreateDirectory(this[Name]),
            "link" => File.CreateSymbolicLink(this[Name], this["mine"]),
            _ => HardLink(this[Name], this["mine"]),
        };
        entry.LastWriteTimeUtc = DateTime.UtcNow.AddDays(-2);
        new LeftoverSweep().SweepOnce(_folder.FullName);
        Assert.Equal([Name, "mine"], LocalNames);
    }

    [Fact]
    public void An_empty_file_is_kept_while_its_owner_may_not_have_locked_it_yet()
    {
        File.WriteAllText(this[Name], "");
        new LeftoverSweep().SweepOnce(_folder.FullName);
        Assert.Equal([Name], LocalNames);

        File.SetLastWriteTimeUtc(this[Name], DateTime.UtcNow.AddMinutes(-1));
        new LeftoverSweep().SweepOnce(_folder.FullName);
        Assert.Empty(LocalNames);
    }

    [Fact]
    public void Each_directory_is_swept_once()
    {
        var sweep = new LeftoverSweep();
        Assert.True(sweep.SweepOnce(_folder.FullName));
        File.WriteAllText(this[Name], "half");
        Assert.True(sweep.SweepOnce(_folder.FullName));
        Assert.Equal([Name], LocalNames);
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void A_directory_that_cannot_be_read_is_not_empty()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no mode of a directory.");
        UnixFileMode before = File.GetUnixFileMode(_folder.FullName);
        File.SetUnixFileMode(_folder.FullName, (UnixFileMode)0xDB); // 0333 in octal: write and search, but not read
        try
        {
            NativeNames.AsOrdinaryUser(() => Assert.False(new LeftoverSweep().SweepOnce(_folder.FullName)));
        }
        finally
        {
            File.SetUnixFileMode(_folder.FullName, before);
        }
    }

    [Fact]
    public void A_missing_directory_is_no_error_and_not_empty() => Assert.False(new LeftoverSweep().SweepOnce(this["missing"]));

    private static FileInfo HardLink(string path, string target)
    {
        using (var link = System.Diagnostics.Process.Start("ln", [target, path]))
        {
            link.WaitForExit();
            Assert.Equal(0, link.ExitCode);
        }

        return new FileInfo(path);
    }
}
