using Fts.Interop.Tests.Processes;

namespace Fts.Interop.Tests.AccountInterop;

/// <summary>
/// The operations of a client, in this order, on a home directory with a file or directory for each of them. The results are names of
/// operations: list, get, put (a new file), replace, resume (a file of 3 of 7 bytes), mkdir, rename, delete, rmdir, change (time or mode).
/// </summary>
/// <param name="Reported">The operations that the client reported as successful, separated by spaces.</param>
/// <param name="Done">
/// The operations whose effect exists: a listing with the file, the downloaded file, or the change on disk. "lost" is a file that should
/// have been replaced, but was deleted.
/// </param>
internal sealed record OperationRun(string Reported, string Done)
{
    /// <summary>Runs the operations.</summary>
    /// <param name="letters">The permission letters of the account.</param>
    /// <param name="run">Runs one operation, or returns null if the client does not have it.</param>
    public static async Task<OperationRun> RunAsync(string letters, Func<AccountServer, string, Task<ProcessResult>?> run)
    {
        await using AccountServer server = await AccountServer.StartWithRulesAsync(letters);
        foreach (string name in (string[])["old", "name", "gone", "time"])
        {
            server.Write($"{name}.txt", name);
            File.SetLastWriteTimeUtc(Path.Combine(server.Home, $"{name}.txt"), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        }

        server.Write("part.txt", "par");
        Directory.CreateDirectory(Path.Combine(server.Home, "empty"));
        server.Local.Write("new.txt", "new");
        server.Local.Write("changed.txt", "changed");
        server.Local.Write("part.txt", "partial");
        List<string> reported = [], done = [];
        foreach (string operation in (string[])
            ["list", "get", "put", "replace", "resume", "mkdir", "rename", "delete", "rmdir", "change"])
        {
            if (run(server, operation) is not { } running)
            {
                continue;
            }

            ProcessResult result = await running;
            TestContext.Current.TestOutputHelper?.WriteLine(
                $"{operation}: exit code {result.ExitCode} from {result.CommandLine}\n{result.Output}{result.Error}");
            if (result.ExitCode == 0)
            {
                reported.Add(operation);
            }

            if (IsDone(server, operation, result))
            {
                done.Add(operation);
            }

            if (operation == "replace" && server.Read("old.txt") is null)
            {
                done.Add("lost");
            }
        }

        return new OperationRun(string.Join(' ', reported), string.Join(' ', done));
    }

    private static bool IsDone(AccountServer server, string operation, ProcessResult result)
    {
        string time = Path.Combine(server.Home, "time.txt");
        return operation switch
        {
            "list" => result.Output.Contains("old.txt", StringComparison.Ordinal),
            "get" => File.Exists(server.Local["back.txt"]) && File.ReadAllText(server.Local["back.txt"]) == "old",
            "put" => server.Read("new.txt") == "new",
            "replace" => server.Read("old.txt") == "changed",
            "resume" => server.Read("part.txt") == "partial",
            "mkdir" => Directory.Exists(Path.Combine(server.Home, "made")),
            "rename" => server.Read("renamed.txt") == "name" && server.Read("name.txt") is null,
            "delete" => server.Read("gone.txt") is null,
            "rmdir" => !Directory.Exists(Path.Combine(server.Home, "empty")),
            "change" => File.GetLastWriteTimeUtc(time) == new DateTime(2001, 2, 3, 4, 5, 6, DateTimeKind.Utc) ||
                File.GetUnixFileMode(time) == (UnixFileMode)0b110_000_000,
            _ => throw new ArgumentException($"Unknown operation: {operation}", nameof(operation)),
        };
    }
}
