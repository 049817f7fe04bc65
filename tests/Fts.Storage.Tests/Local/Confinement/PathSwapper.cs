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
    public const string Option = "--swap";

    private const uint RENAME_EXCHANGE = 2;

    private readonly Process _process;

    public PathSwapper(string folder, string one, string other)
    {
        string program = Path.ChangeExtension(typeof(PathSwapper).Assembly.Location, null);
        var start = new ProcessStartInfo(program) { RedirectStandardInput = true, RedirectStandardOutput = true };
        foreach (string argument in (string[])[Option, folder, one, other])
        {
            start.ArgumentList.Add(argument);
        }

        _process = Process.Start(start)!;
    }

    /// <summary>Swaps the entries a number of times. The task completes after the last swap.</summary>
    public async Task SwapAsync(int times, CancellationToken cancellationToken)
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
    public static int Run(string[] arguments)
    {
        using var folder = new SafeFileHandle(
            DirectoryCalls.Openat(DirectoryCalls.AT_FDCWD, arguments[0], FileCalls.O_PATH | FileCalls.O_CLOEXEC, 0), ownsHandle: true);
        while (Console.ReadLine() is { } line)
        {
            int times = int.Parse(line, CultureInfo.InvariantCulture), done = 0;
            while (done < times && DirectoryCalls.Renameat2(folder, arguments[1], folder, arguments[2], RENAME_EXCHANGE) == 0)
            {
                done++;
            }

            Console.WriteLine(done);
        }

        return 0;
    }
}
