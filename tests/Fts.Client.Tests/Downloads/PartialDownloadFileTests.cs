using Fts.Client.Downloads;

namespace Fts.Client.Tests.Downloads;

/// <summary>The partial file of a download: when it is kept, when it is resumed, and which existing files it never overwrites.</summary>
public sealed class PartialDownloadFileTests : IDisposable
{
    private static readonly PartialDownloadRecord Record = new(
        "ann@files.example.com:21",
        "/a b/c.txt",
        10,
        new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc),
        new DateTime(2026, 2, 3, 0, 0, 0, DateTimeKind.Utc));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private string[] LocalNames => [.. _folder.EnumerateFileSystemInfos().Select(info => info.Name).Order(StringComparer.Ordinal)];

    private string this[string name] => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void A_partial_file_is_found_again_with_its_record()
    {
        Write("a", "hello", Record);
        using PartialDownloadFile again = PartialDownloadFile.Open(this["a"]);
        Assert.Equal((5, Record), (again.PrefixLength, again.Record));
    }

    [Fact]
    public void A_second_download_ignores_a_partial_file_in_use_and_uses_another_one()
    {
        using PartialDownloadFile first = PartialDownloadFile.Open(this["a"]);
        first.CreateOrTruncate(Record);
        first.Write("hello"u8);
        using (PartialDownloadFile second = PartialDownloadFile.Open(this["a"]))
        {
            Assert.Equal((0, null), (second.PrefixLength, second.Record));
            second.CreateOrTruncate(Record);
            second.Write("other"u8);
            Assert.Equal(3, LocalNames.Length);
        }

        Assert.Equal([".a.fts-part", ".a.fts-part-of"], LocalNames);
        first.Commit(null, overwrite: false);
        Assert.Equal(["a"], LocalNames);
        Assert.Equal("hello", File.ReadAllText(this["a"]));
    }

    [Fact]
    public void An_empty_partial_file_is_deleted()
    {
        Write("a", "", Record);
        Assert.Empty(LocalNames);
    }

    [Fact]
    public void A_restart_removes_the_earlier_bytes_and_replaces_the_record()
    {
        Write("a", "hello", Record);
        Write("a", "new", Record with { Length = 99 });
        using PartialDownloadFile again = PartialDownloadFile.Open(this["a"]);
        Assert.Equal((3, 99), (again.PrefixLength, again.Record?.Length));
    }

    [Fact]
    public void A_target_name_of_any_length_has_a_valid_partial_file_name()
    {
        string target = new('ü', 127);
        Write(target, "hello", Record);
        Assert.All(LocalNames, name => Assert.True(FtpPartialDownload.IsPartialFileName(name)));
        Assert.Equal(5, FtpPartialDownload.Find(this[target])?.Length);
    }

    [Theory]
    [InlineData("a link")]
    [InlineData("a broken link")]
    [InlineData("a hard link")]
    public void A_link_at_the_name_of_the_partial_file_is_never_written_through(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Creating links requires a privilege on Windows.");
        File.WriteAllText(this["victim"], "precious");
        _ = kind switch
        {
            "a link" => File.CreateSymbolicLink(this[".a.fts-part"], this["victim"]),
            "a broken link" => File.CreateSymbolicLink(this[".a.fts-part"], this["nothing"]),
            _ => HardLink(this[".a.fts-part"], this["victim"]),
        };
        File.CreateSymbolicLink(this[".a.fts-part-of"], this["victim"]);

        using (PartialDownloadFile file = PartialDownloadFile.Open(this["a"]))
        {
            Assert.Equal((0, null), (file.PrefixLength, file.Record));
            file.CreateOrTruncate(Record);
            file.Write("hello"u8);
            file.Commit(null, overwrite: false);
        }

        Assert.Equal(
            ("precious", "hello", false), (File.ReadAllText(this["victim"]), File.ReadAllText(this["a"]), File.Exists(this["nothing"])));
    }

    [Fact]
    public void A_record_that_is_a_link_is_not_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Creating links requires a privilege on Windows.");
        Write("a", "hello", Record);
        File.Move(this[".a.fts-part-of"], this["elsewhere"]);
        File.CreateSymbolicLink(this[".a.fts-part-of"], this["elsewhere"]);
        using PartialDownloadFile file = PartialDownloadFile.Open(this["a"]);
        Assert.Null(file.Record);
    }

    [Fact]
    public void A_partial_file_of_another_user_is_not_resumed()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can change the owner of a file.");
        Write("a", "hello", Record);
        using (var chown = System.Diagnostics.Process.Start("chown", ["nobody", this[".a.fts-part"]]))
        {
            chown.WaitForExit();
            Assert.Equal(0, chown.ExitCode);
        }

        using PartialDownloadFile file = PartialDownloadFile.Open(this["a"]);
        Assert.Equal(0, file.PrefixLength);
    }

    [Fact]
    public void A_record_is_parsed_from_its_text_and_rejected_if_truncated()
    {
        string text = Record.ToString();
        Assert.True(PartialDownloadRecord.TryParse(text, out PartialDownloadRecord read));
        Assert.Equal(Record, read);
        Assert.True(PartialDownloadRecord.TryParse((Record with { LastModified = null }).ToString(), out read));
        Assert.Null(read.LastModified);
        for (int length = 0; length < text.Length; length++)
        {
            Assert.False(PartialDownloadRecord.TryParse(text[..length], out _));
        }
    }

    private static FileInfo HardLink(string path, string target)
    {
        using (var link = System.Diagnostics.Process.Start("ln", [target, path]))
        {
            link.WaitForExit();
            Assert.Equal(0, link.ExitCode);
        }

        return new FileInfo(path);
    }

    private void Write(string name, string content, PartialDownloadRecord record)
    {
        using PartialDownloadFile file = PartialDownloadFile.Open(this[name]);
        file.CreateOrTruncate(record);
        file.Write(System.Text.Encoding.UTF8.GetBytes(content));
    }
}
