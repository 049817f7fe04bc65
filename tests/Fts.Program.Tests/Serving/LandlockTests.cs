using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.CompilerServices;
using Fts.Cli;
using Fts.ProgramTests.Support;
using Fts.Serving;

namespace Fts.ProgramTests.Serving;

/// <summary>Tests of the restrictions in the sandbox. A process cannot leave it, so the tests start another process.</summary>
public sealed class LandlockTests
{
    private const string InsideVariable = "FTS_TEST_INSIDE", OutsideVariable = "FTS_TEST_OUTSIDE";

    [Fact]
    public async Task A_sandboxed_process_can_access_only_the_served_folder()
    {
        SkipWithoutLandlock();
        using TestFolder inside = new(), outside = new();
        outside.Write("secret.txt", "secret");
        await using RunningProgram process = RunningProgram.StartFile(
            Path.Combine(AppContext.BaseDirectory, "Fts.Program.Tests"),
            inside.Path,
            ["-noLogo", "-noColor", "-explicit", "only", "-method", $"{typeof(LandlockTests)}.{nameof(Inside_the_sandbox)}"],
            (InsideVariable, inside.Path),
            (OutsideVariable, outside.Path));
        int code = await process.WaitForExitAsync();
        Assert.True(code == 0, process.Data + process.Messages);
        Assert.Contains("Total: 1,", process.Data, StringComparison.Ordinal);
        Assert.Equal(["secret.txt"], outside.Names);
        Assert.Equal("secret", outside.Read("secret.txt"));
    }

    /// <summary>Runs in the process that the test above starts.</summary>
    [Fact(Explicit = true)]
    public void Inside_the_sandbox()
    {
        string inside = Environment.GetEnvironmentVariable(InsideVariable)!, outside = Environment.GetEnvironmentVariable(OutsideVariable)!;
        Sandbox sandbox = Sandbox.Enter(new CommandLine(ServerCommand.Definition, []), [inside], [], null, null);
        Assert.Equal("process restricted to these folders (Landlock)", sandbox.Description);

        AssertConfined(inside, outside);
        Assert.Null(RecordOnAnotherThread(() => AssertConfined(inside, outside)));
        Assert.Null(RecordInFinalizer(() => AssertConfined(inside, outside)));
    }

    internal static void SkipWithoutLandlock()
    {
        using Landlock? rules = Landlock.TryCreate(out string whyNot);
        Assert.SkipWhen(rules is null, whyNot);
    }

    private static void AssertConfined(string inside, string outside)
    {
        string file = Path.Combine(inside, Guid.NewGuid().ToString()), folder = file + ".folder";
        File.WriteAllText(file, "content");
        File.WriteAllText(file, "less");
        Directory.CreateDirectory(folder);
        File.Move(file, Path.Combine(folder, "moved"));
        File.CreateSymbolicLink(file, "moved");
        Assert.Equal("less", File.ReadAllText(Path.Combine(folder, "moved")));
        Assert.Single(Directory.GetFiles(folder));
        Directory.Delete(folder, recursive: true);
        File.Delete(file);

        AssertDenied(() => File.ReadAllText(Path.Combine(outside, "secret.txt")));
        AssertDenied(() => File.AppendAllText(Path.Combine(outside, "secret.txt"), "more"));
        AssertDenied(() => File.Delete(Path.Combine(outside, "secret.txt")));
        AssertDenied(() => File.Move(Path.Combine(outside, "secret.txt"), Path.Combine(inside, "taken.txt")));
        AssertDenied(() => File.WriteAllText(Path.Combine(outside, "new.txt"), "new"));
        AssertDenied(() => Directory.CreateDirectory(Path.Combine(outside, "new")));
        AssertDenied(() => Directory.GetFiles(outside));
        AssertDenied(() => File.ReadAllText("/etc/passwd"));
        AssertDenied(() => File.ReadAllText("/proc/1/comm"));
        AssertDenied(() => Directory.GetFiles(Path.GetTempPath()));
        Assert.Equal(13, Assert.Throws<Win32Exception>(() => Process.Start("/bin/true")).NativeErrorCode);
    }

    private static void AssertDenied(Action action) => Assert.Throws<UnauthorizedAccessException>(action);

    private static Exception? RecordOnAnotherThread(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() => failure = Record.Exception(action));
        thread.Start();
        thread.Join();
        return failure;
    }

    private static Exception? RecordInFinalizer(Action action)
    {
        Exception? failure = new InvalidOperationException("not run");
        RunInFinalizer(() => failure = Record.Exception(action));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        return failure;
    }

    // Not inlined: a reference in a register of the caller would keep the object from being finalized.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void RunInFinalizer(Action action) => _ = new FinalizerAction { Action = action };

    private sealed class FinalizerAction
    {
        public required Action Action { get; init; }

        ~FinalizerAction() => Action.Invoke();
    }
}
