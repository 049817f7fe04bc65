namespace Fts.Client.Tests;

/// <summary>The hidden file of a download: what is kept, whose it is, and what is never written into.</summary>
public sealed class PartialFileTests : IDisposable
{
    private static readonly PartialRecord Record = new("ann@files.example.com:21", "/a b/c.txt", 10, new DateTime(2026, 1, 2, 3, 4, 5, 678, DateTimeKind.Utc), new DateTime(2026, 2, 3, 0, 0, 0, DateTimeKind.Utc));

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("fts-client-");

    private string[] LocalNames => [.. _folder.EnumerateFileSystemInfos().Select(info => info.Name).Order(StringComparer.Ordinal)];

    private string this[string name] => Path.Combine(_folder.FullName, name);

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_was_written_is_found_again_with_what_it_is_a_part_of()
    {
        Write("a", "hello", Record);
        using PartialFile again = PartialFile.Open(this["a"]);
        Assert.Equal((5, Record), (again.Length, again.Record));
    }

    [Fact]
    public void A_file_in_use_is_found_by_nobody_else_and_a_second_one_leaves_it_alone()
    {
        using PartialFile first = PartialFile.Open(this["a"]);
        first.Begin(Record);
        first.Write("hello"u8);
        using (PartialFile second = PartialFile.Open(this["a"]))
        {
            Assert.Equal((0, null), (second.Length, second.Record));
            second.Begin(Record);
            second.Write("other"u8);
            Assert.Equal(3, LocalNames.Length);
        }

        Assert.Equal([".a.fts-part", ".a.fts-part-of"], LocalNames);
        first.Commit(null, overwrite: false);
        Assert.Equal(["a"], LocalNames);
        Assert.Equal("hello", File.ReadAllText(this["a"]));
    }

    [Fact]
    public void An_empty_one_is_not_kept()
    {
        Write("a", "", Record);
        Assert.Empty(LocalNames);
    }

    [Fact]
    public void Begun_anew_the_old_bytes_and_the_old_record_are_gone()
    {
        Write("a", "hello", Record);
        Write("a", "new", Record with { Length = 99 });
        using PartialFile again = PartialFile.Open(this["a"]);
        Assert.Equal((3, 99), (again.Length, again.Record?.Length));
    }

    [Fact]
    public void A_name_of_any_length_has_a_hidden_one()
    {
        string target = new('ü', 127);
        Write(target, "hello", Record);
        Assert.All(LocalNames, name => Assert.True(FtpPartialDownload.IsItsName(name)));
        Assert.Equal(5, FtpPartialDownload.Find(this[target])?.Length);
    }

    [Theory]
    [InlineData("a link")]
    [InlineData("a link to nothing")]
    [InlineData("another name of a file")]
    public void What_somebody_put_there_is_never_written_into(string kind)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights there.");
        File.WriteAllText(this["victim"], "precious");
        _ = kind switch
        {
            "a link" => File.CreateSymbolicLink(this[".a.fts-part"], this["victim"]),
            "a link to nothing" => File.CreateSymbolicLink(this[".a.fts-part"], this["nothing"]),
            _ => HardLink(this[".a.fts-part"], this["victim"]),
        };
        File.CreateSymbolicLink(this[".a.fts-part-of"], this["victim"]);

        using (PartialFile file = PartialFile.Open(this["a"]))
        {
            Assert.Equal((0, null), (file.Length, file.Record));
            file.Begin(Record);
            file.Write("hello"u8);
            file.Commit(null, overwrite: false);
        }

        Assert.Equal(("precious", "hello", false), (File.ReadAllText(this["victim"]), File.ReadAllText(this["a"]), File.Exists(this["nothing"])));
    }

    [Fact]
    public void A_record_that_is_a_link_is_not_read()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need rights there.");
        Write("a", "hello", Record);
        File.Move(this[".a.fts-part-of"], this["elsewhere"]);
        File.CreateSymbolicLink(this[".a.fts-part-of"], this["elsewhere"]);
        using PartialFile file = PartialFile.Open(this["a"]);
        Assert.Null(file.Record);
    }

    [Fact]
    public void A_file_of_another_user_is_not_gone_on_with()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess, "Only root can give files away.");
        Write("a", "hello", Record);
        using (var give = System.Diagnostics.Process.Start("chown", ["nobody", this[".a.fts-part"]]))
        {
            give.WaitForExit();
            Assert.Equal(0, give.ExitCode);
        }

        using PartialFile file = PartialFile.Open(this["a"]);
        Assert.Equal(0, file.Length);
    }

    [Fact]
    public void A_record_comes_back_from_its_text_and_from_no_part_of_it()
    {
        string text = Record.ToString();
        Assert.True(PartialRecord.TryParse(text, out PartialRecord read));
        Assert.Equal(Record, read);
        Assert.True(PartialRecord.TryParse((Record with { Modified = null }).ToString(), out read));
        Assert.Null(read.Modified);
        for (int length = 0; length < text.Length; length++)
        {
            Assert.False(PartialRecord.TryParse(text[..length], out _));
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

    private void Write(string name, string content, PartialRecord record)
    {
        using PartialFile file = PartialFile.Open(this[name]);
        file.Begin(record);
        file.Write(System.Text.Encoding.UTF8.GetBytes(content));
    }
}
