using System.Collections;
using System.Runtime.InteropServices;
using Fts.Native;

namespace Fts.Serving.Delivery;

/// <summary>
/// Starts programs with posix_spawn(3). Unlike <see cref="System.Diagnostics.Process"/>, it starts no thread, which the sandbox requires.
/// The program leads a process group of its own, which can be killed with all processes that the program started.
/// </summary>
internal static unsafe class ChildProcess
{
    /// <summary>The variables of the service manager, and a setting of the .NET runtime.</summary>
    private static readonly string[] OwnVariables =
    [
        "NOTIFY_SOCKET", "WATCHDOG_PID", "WATCHDOG_USEC", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES",
        "DOTNET_SYSTEM_NET_SOCKETS_INLINE_COMPLETIONS",
    ];

    /// <summary>
    /// Returns the environment for other programs: the variables of this process without the settings of the server, which can contain
    /// passwords, and without those of the service manager.
    /// </summary>
    public static IReadOnlyList<string> CreateEnvironment() =>
    [
        .. Environment.GetEnvironmentVariables().Cast<DictionaryEntry>()
            .Where(variable => variable.Key is string name
                && !name.StartsWith("FTS_", StringComparison.Ordinal) && !OwnVariables.Contains(name))
            .Select(variable => $"{variable.Key}={variable.Value}"),
    ];

    /// <summary>Starts a program with default signal handlers. Returns its process identifier.</summary>
    /// <param name="command">The path of the program, and its arguments.</param>
    /// <param name="environment">The variables in the form <c>NAME=VALUE</c>.</param>
    /// <param name="descriptors">The descriptors of this process that the program gets, with their numbers in the program.</param>
    /// <exception cref="IOException">The program cannot be started. The message is the reason.</exception>
    public static int Start(
        IReadOnlyList<string> command, IReadOnlyList<string> environment, params ReadOnlySpan<(int Own, int Number)> descriptors)
    {
        byte* actions = stackalloc byte[SpawnCalls.MaxStructureSize], attributes = stackalloc byte[SpawnCalls.MaxStructureSize];
        byte* signals = stackalloc byte[SpawnCalls.MaxStructureSize];
        byte** arguments = CreateStrings(command), variables = CreateStrings(environment);
        int error = SpawnCalls.FileActionsInit(actions), process = 0;
        error = error == 0 ? SpawnCalls.AttributesInit(attributes) : error;
        if (error == 0)
        {
            foreach ((int own, int number) in descriptors)
            {
                error = error == 0 ? SpawnCalls.FileActionsAddDup2(actions, own, number) : error;
            }

            _ = SpawnCalls.SigFillSet(signals); // .NET ignores SIGPIPE, which the program would inherit
            _ = SpawnCalls.AttributesSetSignalDefault(attributes, signals);
            _ = SpawnCalls.SigEmptySet(signals);
            _ = SpawnCalls.AttributesSetSignalMask(attributes, signals);
            _ = SpawnCalls.AttributesSetFlags(
                attributes,
                SpawnCalls.POSIX_SPAWN_SETSID | SpawnCalls.POSIX_SPAWN_SETSIGDEF | SpawnCalls.POSIX_SPAWN_SETSIGMASK);
            error = error == 0 ? SpawnCalls.PosixSpawn(&process, command[0], actions, attributes, arguments, variables) : error;
            _ = SpawnCalls.AttributesDestroy(attributes);
            _ = SpawnCalls.FileActionsDestroy(actions);
        }

        FreeStrings(arguments);
        FreeStrings(variables);
        return error == 0 ? process : throw new IOException(Marshal.GetPInvokeErrorMessage(error));
    }

    /// <summary>Creates a pipe or a socket pair whose ends no program inherits.</summary>
    /// <exception cref="IOException">No descriptor is left.</exception>
    public static (int First, int Second) CreatePair(bool isSocket)
    {
        int* ends = stackalloc int[2];
        int result = isSocket
            ? SpawnCalls.Socketpair(SpawnCalls.AF_UNIX, SpawnCalls.SOCK_STREAM | SocketCalls.SOCK_CLOEXEC, 0, ends)
            : SocketCalls.Pipe2(ends, FileCalls.O_CLOEXEC);
        return result == 0
            ? (ends[0], ends[1])
            : throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }

    /// <summary>Returns an array of strings for the C library, which ends with a null pointer.</summary>
    private static byte** CreateStrings(IReadOnlyList<string> texts)
    {
        byte** strings = (byte**)NativeMemory.Alloc((nuint)(texts.Count + 1), (nuint)sizeof(byte*));
        for (int i = 0; i < texts.Count; i++)
        {
            strings[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        strings[texts.Count] = null;
        return strings;
    }

    private static void FreeStrings(byte** strings)
    {
        for (byte** each = strings; *each is not null; each++)
        {
            Marshal.FreeCoTaskMem((nint)(*each));
        }

        NativeMemory.Free(strings);
    }
}
