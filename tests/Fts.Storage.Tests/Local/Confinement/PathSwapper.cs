using System.Diagnostics;
using System.Globalization;
using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Storage.Tests.Local.Confinement;

/// <summary>
/// A second process that swaps two entries of a directory on request, each time in one step. It ends with the test, or when its standard
/// input ends.
/// </summary>
internal sealed class PathSwapper : IDisposable
{
    public const string Word = "--flip";

    private const uint RENAME_EXCHANGE = 2;

    private readonly Process _process;

    public PathSwapper(string folder, string one, string other)
    {
        string program = Path.ChangeExtension(typeof(PathSwapper).Assembly.Location, null);
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string word in (string[])[Word, folder, one, other])
        {
            start.ArgumentList.Add(word);
        }

        _process = Process.Start(start)!;
    }

    /// <summary>Swaps the entries a number of times. The task completes after the last swap.</summary>
    public async Task FlipAsync(int times, CancellationToken cancellationToken)
    {
        await _process.StandardInput.WriteLineAsync(times.ToString(CultureInfo.InvariantCulture).AsMemory(), cancellationToken);
        await _process.StandardInput.FlushAsync(cancellationToken);
        Assert.Equal(times.ToString(CultureInfo.InvariantCulture), await _process.StandardOutput.ReadLineAsync(cancellationToken));
    }

    public void Dispose()
    {
        // A killed process would leave its diagnostics pipes behind.
        _process.StandardInput.Close();
        _process.WaitForExit();
        _process.Dispose();
    }

    /// <summary>The main method of the second process.</summary>
    public static int Run(string[] words)
    {
        using var folder = new SafeFileHandle(
            DirectoryCalls.Openat(DirectoryCalls.AT_FDCWD, words[0], FileCalls.O_PATH | FileCalls.O_CLOEXEC, 0), ownsHandle: true);
        while (Console.ReadLine() is { } line)
        {
            int times = int.Parse(line, CultureInfo.InvariantCulture), done = 0;
            while (done < times && DirectoryCalls.Renameat2(folder, words[1], folder, words[2], RENAME_EXCHANGE) == 0)
            {
                done++;
            }

            Console.WriteLine(done);
        }

        return 0;
    }
}
