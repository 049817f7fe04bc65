using System.Text.RegularExpressions;
using Fts.Interop.Tests.Processes;
using Fts.ProgramTests.Support;
using Microsoft.Extensions.Logging;

namespace Fts.Interop.Tests.ServerInterop;

/// <summary>
/// Clients that transfer many files while the server stops. Every transfer that the server logged as complete is a success for the client.
/// </summary>
public sealed partial class DrainTests
{
    private const int FileCount = 40, FilesBeforeStop = 10, FileBytes = 20_000;

    private static readonly string[] Names = [.. Enumerable.Range(0, FileCount).Select(i => $"file-{i:00}.bin")];

    /// <summary>The clients of the tests.</summary>
    public enum Client
    {
        Curl,
        Lftp,
        Ftplib,
        Rclone,
        Fts,
    }

    [Theory]
    [InlineData(Client.Curl, true)]
    [InlineData(Client.Curl, false)]
    [InlineData(Client.Lftp, true)]
    [InlineData(Client.Lftp, false)]
    [InlineData(Client.Ftplib, true)]
    [InlineData(Client.Ftplib, false)]
    [InlineData(Client.Rclone, true)]
    [InlineData(Client.Rclone, false)]
    [InlineData(Client.Fts, true)]
    [InlineData(Client.Fts, false)]
    public async Task Every_completed_transfer_is_a_success_for_the_client(Client client, bool uploads)
    {
        var log = new CompletedTransfers(FilesBeforeStop);
        await using ServerUnderTest server = await ServerUnderTest.StartAsync(
            "127.0.0.1", configure: options => options with { LoggerFactory = log, DrainTimeout = TimeSpan.FromSeconds(20) });
        string source = uploads ? server.Local.CreateFolder("up") : server.WritableFolder;
        foreach (string name in Names)
        {
            File.WriteAllBytes(Path.Combine(source, name), new byte[FileBytes]);
        }

        string target = uploads ? server.WritableFolder : server.Local.CreateFolder("down");
        Task stopping = StopAfterAsync(log, server);
        string[] succeeded = await (client switch
        {
            Client.Curl => RunCurlAsync(server, uploads),
            Client.Lftp => RunLftpAsync(server, uploads),
            Client.Ftplib => RunFtplibAsync(server, uploads),
            Client.Rclone => RunRcloneAsync(server, uploads),
            _ => RunFtsAsync(server, uploads),
        });
        await stopping;

        Assert.InRange(log.Names.Length, FilesBeforeStop, FileCount - 1);
        Assert.Empty(log.Names.Except(succeeded));
        Assert.All(log.Names, name => Assert.Equal(FileBytes, new FileInfo(Path.Combine(target, name)).Length));
    }

    private static async Task StopAfterAsync(CompletedTransfers log, ServerUnderTest server)
    {
        await log.Reached.WaitAsync(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken);
        Task stopping = server.StopAsync();
        log.ContinueTransfers();
        await stopping;
    }

    private static async Task<string[]> RunCurlAsync(ServerUnderTest server, bool uploads)
    {
        IEnumerable<string> transfers = Names.SelectMany(name => uploads
            ? (string[])["-T", server.Local[$"up/{name}"], server.GetUrl(name)]
            : ["-o", server.Local[$"down/{name}"], server.GetUrl(name)]);
        ProcessResult result = await ProcessRunner.RunAsync(
            Tool.Require("curl"), server.Local,
            ["-q", "-sS", "-u", $"{server.User}:{server.Password}", "-w", "%{exitcode} %{url}\\n", .. transfers]);
        return FindNames(result.Output, line => line.StartsWith("0 ", StringComparison.Ordinal));
    }

    private static async Task<string[]> RunLftpAsync(ServerUnderTest server, bool uploads)
    {
        string settings = "set net:max-retries 1; set net:timeout 5; set ftp:ssl-allow no; set ftp:sync-mode no";
        string transfers = string.Join("; ", Names.Select(name =>
            $"{(uploads ? $"put up/{name} -o /box/{name}" : $"get /box/{name} -o down/{name}")} && echo done {name}"));
        ProcessResult result = await ProcessRunner.RunAsync(
            Tool.Require("lftp"), server.Local,
            ["--norc", "-c", $"{settings}; open -u {server.User},{server.Password} ftp://{server.Authority}; {transfers}"]);
        return FindNames(result.Output, line => line.StartsWith("done ", StringComparison.Ordinal));
    }

    private static async Task<string[]> RunFtplibAsync(ServerUnderTest server, bool uploads)
    {
        string transfer = uploads
            ? "ftp.storbinary('STOR /box/' + name, open('up/' + name, 'rb'))"
            : "ftp.retrbinary('RETR /box/' + name, open('down/' + name, 'wb').write)";
        string script = server.Local.Write(
            "many.py",
            $"""
            import ftplib
            ftp = ftplib.FTP()
            ftp.connect('{server.Host}', {server.Port}, timeout=20)
            ftp.login('{server.User}', '{server.Password}')
            for i in range({FileCount}):
                name = 'file-%02d.bin' % i
                {transfer}
                print('done', name, flush=True)

            """);
        ProcessResult result = await ProcessRunner.RunAsync(Tool.RequirePython(), server.Local, script);
        return FindNames(result.Output, line => line.StartsWith("done ", StringComparison.Ordinal));
    }

    private static async Task<string[]> RunRcloneAsync(ServerUnderTest server, bool uploads)
    {
        Tool rclone = Tool.Require("rclone");
        string password = (await ProcessRunner.RunAsync(rclone, server.Local, "obscure", server.Password)).AssertSuccess().Output.Trim();
        string configuration = server.Local.Write(
            "rclone.conf", $"[peer]\ntype = ftp\nhost = {server.Host}\nport = {server.Port}\nuser = {server.User}\npass = {password}\n");
        string[] folders = uploads ? ["up", "peer:box"] : ["peer:box", "down"];
        ProcessResult result = await ProcessRunner.RunAsync(
            rclone, server.Local,
            ["--config", configuration, "--retries", "1", "--low-level-retries", "2", "--timeout", "5s", "--contimeout", "5s",
                // rclone tries for a long time to upload each remaining file to the stopped server.
                "--max-duration", "10s", "--cutoff-mode", "soft", "-v", "copy", .. folders]);
        return FindNames(result.Error, line => line.Contains("Copied", StringComparison.Ordinal));
    }

    private static async Task<string[]> RunFtsAsync(ServerUnderTest server, bool uploads)
    {
        string url = $"ftp://{server.User}@{server.Authority}/box/";
        string[] arguments = uploads
            ? ["put", .. Names.Select(name => server.Local[$"up/{name}"]), url]
            : ["get", $"{url}*", "--to", server.Local["down"]];
        ProcessResult result = await ProcessRunner.RunAsync(new Tool(PublishedProgram.Path, null), server.Local, arguments);
        string[] failed = FindNames(result.Error, line => line.Contains("error", StringComparison.Ordinal));
        TestContext.Current.TestOutputHelper?.WriteLine(result.Error);
        return [.. Names.Except(failed)];
    }

    private static string[] FindNames(string output, Func<string, bool> condition) =>
        [.. output.Split('\n').Where(condition).SelectMany(line => NamePattern().Matches(line)).Select(match => match.Value)];

    [GeneratedRegex(@"file-\d\d\.bin")]
    private static partial Regex NamePattern();

    /// <summary>Records the names of the transfers that the server logged as complete, in order.</summary>
    private sealed class CompletedTransfers(int count) : ILoggerFactory, ILogger
    {
        private const int Retrieved = 5, Stored = 21;

        private readonly Lock _lock = new();
        private readonly List<string> _names = [];
        private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

        private readonly ManualResetEventSlim _stopHasBegun = new();

        public Task Reached => _reached.Task;

        /// <summary>Continues the transfer that waits for the begin of the stop.</summary>
        public void ContinueTransfers() => _stopHasBegun.Set();

        public string[] Names
        {
            get
            {
                lock (_lock)
                {
                    return [.. _names];
                }
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string text = formatter(state, exception);
            TestContext.Current.TestOutputHelper?.WriteLine(text);
            if (eventId.Id is not (Retrieved or Stored))
            {
                return;
            }

            bool isLastBeforeStop;
            lock (_lock)
            {
                _names.Add(NamePattern().Match(text).Value);
                isLastBeforeStop = _names.Count == count;
            }

            if (isLastBeforeStop)
            {
                _reached.SetResult();
                // Otherwise a fast client could complete all transfers before the stop begins.
                _stopHasBegun.Wait(TimeSpan.FromSeconds(30));
            }
        }

        public void Dispose()
        {
        }
    }
}
