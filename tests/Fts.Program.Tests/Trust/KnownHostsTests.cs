using Fts.ProgramTests.Support;
using Fts.Trust;

namespace Fts.ProgramTests.Trust;

/// <summary>Tests of the file with the servers that used TLS before.</summary>
public sealed class KnownHostsTests : IDisposable
{
    private const string Key = "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", Other =
        "SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB";

    private readonly TestFolder _folder = new();

    private string Path => _folder["fts/known_hosts"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Simultaneous_additions_are_all_kept()
    {
        string[] servers = [.. Enumerable.Range(0, 36).Select(i => $"192.0.2.{i}:21")];
        Thread[] threads = [.. servers.Select(server => new Thread(() => new KnownHosts(Path).Set(server, Key)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        Assert.All(threads, thread => Assert.True(thread.Join(Deadline.Default)));
        Assert.Equal(
            servers.Order(StringComparer.Ordinal), new KnownHosts(Path).GetAll().Select(host => host.Server).Order(StringComparer.Ordinal));
        Assert.Equal(["known_hosts", "known_hosts.lock"], Directory.GetFiles(_folder["fts"]).Select(System.IO.Path.GetFileName)
            .Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Of_two_simultaneous_first_connections_one_is_recorded_and_the_other_receives_its_record()
    {
        var records = new KnownHost?[16];
        Thread[] threads =
            [.. records.Select(
            (_, i) => new Thread(() => records[i] = new KnownHosts(Path).Add("192.0.2.1:21", i % 2 == 0 ? Key : Other)))];
        foreach (Thread thread in threads)
        {
            thread.Start();
        }

        Assert.All(threads, thread => Assert.True(thread.Join(Deadline.Default)));
        KnownHost kept = Assert.Single(new KnownHosts(Path).GetAll());
        Assert.Single(records, record => record is null);
        Assert.All(records, record => Assert.True(record is null || record == kept));
    }

    [Fact]
    public void The_file_and_its_folder_are_accessible_only_to_the_user()
    {
        new KnownHosts(Path).Set("192.0.2.1:21", Key);
        const UnixFileMode File600 = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        Assert.Equal(File600, File.GetUnixFileMode(Path));
        Assert.Equal(File600, File.GetUnixFileMode(Path + ".lock"));
        Assert.Equal(File600 | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder["fts"]));
    }

    [Fact]
    public void Every_spelling_of_a_host_has_one_record_and_other_lines_stay()
    {
        Directory.CreateDirectory(_folder["fts"]);
        _folder.Write("fts/known_hosts", $"# a remark\n[::ffff:127.0.0.1]:21 {Key}\nFiles.Example.ORG.:21 {Key}\nnot a record\n");
        var known = new KnownHosts(Path);

        Assert.Equal(Key, known.Find("127.0.0.1:21")?.Proof);
        Assert.Equal(Key, known.Find("files.example.org:21")?.Proof);
        Assert.Null(known.Find("127.0.0.1:22"));
        known.Set("127.0.0.1:21", Other);
        Assert.True(known.Remove("FILES.example.org:21"));
        Assert.False(known.Remove("files.example.org:21"));

        Assert.Equal($"# a remark\nnot a record\n127.0.0.1:21 {Other}\n", File.ReadAllText(Path));
    }

    [Fact]
    public void Of_two_lines_for_one_host_the_one_with_a_key_counts()
    {
        Directory.CreateDirectory(_folder["fts"]);
        _folder.Write("fts/known_hosts", $"127.0.0.1:21 TLS\n[::ffff:127.0.0.1]:21 {Key}\n");
        Assert.Equal(new KnownHost("127.0.0.1:21", Key), new KnownHosts(Path).Find("127.0.0.1:21"));
    }
}
