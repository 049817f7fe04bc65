using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Fts.Accounts.Delivery;
using Fts.Accounts.Events;
using Fts.Native;

namespace Fts.Serving.Delivery;

/// <summary>
/// Runs a program for one event: writes the event to its standard input, and collects the first bytes of its output. Blocks the calling
/// thread.
/// </summary>
internal sealed unsafe class ProgramRun
{
    /// <summary>The maximum number of collected bytes of the output. Further bytes are discarded.</summary>
    private const int MaxOutput = 2048;

    private const int ONonblock = 0x800;

    /// <summary>
    /// The time between two checks whether the program has ended, while its output is open. It is reached only if another process keeps the
    /// output open.
    /// </summary>
    private const int OpenOutputPause = 100;

    private const int MaxPause = 50;

    private readonly byte[] _input;
    private readonly byte[] _output = new byte[MaxOutput];
    private int _written, _collected;
    private int _inputEnd = -1, _outputEnd = -1; // closed and -1 after use

    private ProgramRun(byte[] input) => _input = input;

    /// <summary>Runs a program until it ends. Exit code 0 means that it accepted the event.</summary>
    /// <param name="command">The path of the program, and its arguments.</param>
    /// <param name="environment">The variables in the form <c>NAME=VALUE</c>.</param>
    /// <param name="input">The standard input.</param>
    /// <param name="limit">The time after which the program, and all processes of its process group, are killed.</param>
    /// <param name="cancellationToken">Kills the program.</param>
    /// <exception cref="OperationCanceledException">The program was killed because of <paramref name="cancellationToken"/>.</exception>
    public static DeliveryResult Run(
        IReadOnlyList<string> command, IReadOnlyList<string> environment, byte[] input, TimeSpan limit,
        CancellationToken cancellationToken)
    {
        var run = new ProgramRun(input);
        try
        {
            int process = run.Start(command, environment);
            return run.Wait(process, limit, cancellationToken);
        }
        catch (IOException e)
        {
            return new DeliveryResult($"cannot run {command[0]}: {e.Message}");
        }
        finally
        {
            Close(ref run._inputEnd);
            Close(ref run._outputEnd);
        }
    }

    private int Start(IReadOnlyList<string> command, IReadOnlyList<string> environment)
    {
        (int childInput, int childOutput) = (-1, -1);
        try
        {
            (childInput, _inputEnd) = ChildProcess.CreatePair(isSocket: false);
            (_outputEnd, childOutput) = ChildProcess.CreatePair(isSocket: false);
            _ = DescriptorCalls.Fcntl(_inputEnd, DescriptorCalls.F_SETFL, ONonblock);
            _ = DescriptorCalls.Fcntl(_outputEnd, DescriptorCalls.F_SETFL, ONonblock);
            return ChildProcess.Start(command, environment, (childInput, 0), (childOutput, 1), (childOutput, 2));
        }
        finally
        {
            Close(ref childInput);
            Close(ref childOutput);
        }
    }

    private DeliveryResult Wait(int process, TimeSpan limit, CancellationToken cancellationToken)
    {
        long deadline = Environment.TickCount64 + (long)limit.TotalMilliseconds;
        int pause = 1;
        PollEntry* entries = stackalloc PollEntry[2];
        while (true)
        {
            int status;
            bool hasEnded = SpawnCalls.Waitpid(process, &status, SpawnCalls.WNOHANG) != 0;
            ReadOutput();
            if (hasEnded)
            {
                return new DeliveryResult(DescribeStatus(status), GetOutput());
            }

            if (cancellationToken.IsCancellationRequested || Environment.TickCount64 >= deadline)
            {
                // The program leads its process group, and its identifier is not reused before waitpid returns it.
                _ = SpawnCalls.Kill(-process, SpawnCalls.SIGKILL);
                _ = SpawnCalls.Waitpid(process, &status, 0);
                ReadOutput();
                cancellationToken.ThrowIfCancellationRequested();
                return new DeliveryResult(
                    string.Create(CultureInfo.InvariantCulture, $"killed after {limit.TotalSeconds:0.#} s"), GetOutput());
            }

            WriteInput();
            entries[0] = new PollEntry { Descriptor = _outputEnd, Events = SpawnCalls.POLLIN };
            entries[1] = new PollEntry { Descriptor = _inputEnd, Events = DescriptorCalls.POLLOUT };
            int time = _outputEnd >= 0 ? OpenOutputPause : pause;
            _ = DescriptorCalls.Poll(entries, 2, (int)Math.Clamp(deadline - Environment.TickCount64, 0, time));
            pause = _outputEnd >= 0 ? 1 : Math.Min(2 * pause, MaxPause);
        }
    }

    /// <summary>Writes as much of the input as the program can receive now. A program need not read its input.</summary>
    private void WriteInput()
    {
        while (_inputEnd >= 0)
        {
            nint written;
            fixed (byte* rest = _input.AsSpan(_written))
            {
                written = _written == _input.Length ? 0 : DescriptorCalls.Write(_inputEnd, rest, _input.Length - _written);
            }

            if (written < 0 && Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR)
            {
                return;
            }

            _written += (int)Math.Max(written, 0);
            if (written < 0 || _written == _input.Length)
            {
                Close(ref _inputEnd);
            }
        }
    }

    /// <summary>Reads all output that is available now.</summary>
    private void ReadOutput()
    {
        byte* buffer = stackalloc byte[4096];
        while (_outputEnd >= 0)
        {
            nint read = SpawnCalls.Read(_outputEnd, buffer, 4096);
            if (read < 0 && Marshal.GetLastPInvokeError() is Errno.EAGAIN or Errno.EINTR)
            {
                return;
            }

            if (read <= 0)
            {
                Close(ref _outputEnd);
                return;
            }

            int kept = (int)Math.Min(read, MaxOutput - _collected);
            new ReadOnlySpan<byte>(buffer, kept).CopyTo(_output.AsSpan(_collected));
            _collected += kept;
        }
    }

    /// <summary>Returns the collected output as one line.</summary>
    private string GetOutput()
    {
        const StringSplitOptions noEmptyLines = StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries;
        string text = Encoding.UTF8.GetString(_output, 0, _collected);
        return AccountEvent.EscapeText(string.Join("; ", text.Split('\n', noEmptyLines)));
    }

    /// <summary>Returns null for exit code 0, otherwise the reason of the failure. The bits are those of wait(2).</summary>
    private static string? DescribeStatus(int status) => (status & 0x7F, (status >> 8) & 0xFF) switch
    {
        (0, 0) => null,
        (0, var code) => string.Create(CultureInfo.InvariantCulture, $"exit code {code}"),
        var (signal, _) => string.Create(CultureInfo.InvariantCulture, $"killed by signal {signal}"),
    };

    private static void Close(ref int descriptor)
    {
        if (descriptor >= 0)
        {
            _ = SpawnCalls.Close(descriptor);
        }

        descriptor = -1;
    }
}
