using System.Runtime.InteropServices;
using System.Runtime.InteropServices.Marshalling;

namespace Fts.Native;

/// <summary>
/// Functions that start other programs and wait for them, for Linux. Unless a summary states otherwise, they return -1 on failure and set
/// <see cref="Marshal.GetLastPInvokeError"/>.
/// </summary>
public static unsafe partial class SpawnCalls
{
    public const int SIGKILL = 9, WNOHANG = 1;
    public const int AF_UNIX = 1, SOCK_STREAM = 1;
    public const short POLLIN = 1;

    public const short POSIX_SPAWN_SETSIGDEF = 0x04, POSIX_SPAWN_SETSIGMASK = 0x08, POSIX_SPAWN_SETSID = 0x80;

    /// <summary>A size in bytes that posix_spawnattr_t, posix_spawn_file_actions_t and sigset_t do not exceed in any C library.</summary>
    public const int MaxStructureSize = 512;

    /// <summary>Calls posix_spawn(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawn")]
    public static partial int PosixSpawn(
        int* process, [MarshalUsing(typeof(NativePathMarshaller))] string path, void* actions, void* attributes, byte** arguments,
        byte** environment);

    /// <summary>Calls posix_spawn_file_actions_init(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_init")]
    public static partial int FileActionsInit(void* actions);

    /// <summary>Calls posix_spawn_file_actions_adddup2(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_adddup2")]
    public static partial int FileActionsAddDup2(void* actions, int descriptor, int target);

    /// <summary>Calls posix_spawn_file_actions_destroy(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawn_file_actions_destroy")]
    public static partial int FileActionsDestroy(void* actions);

    /// <summary>Calls posix_spawnattr_init(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawnattr_init")]
    public static partial int AttributesInit(void* attributes);

    /// <summary>Calls posix_spawnattr_setflags(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setflags")]
    public static partial int AttributesSetFlags(void* attributes, short flags);

    /// <summary>Calls posix_spawnattr_setsigdefault(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigdefault")]
    public static partial int AttributesSetSignalDefault(void* attributes, void* signals);

    /// <summary>Calls posix_spawnattr_setsigmask(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawnattr_setsigmask")]
    public static partial int AttributesSetSignalMask(void* attributes, void* signals);

    /// <summary>Calls posix_spawnattr_destroy(3). Returns an error number, or 0.</summary>
    [LibraryImport("libc", EntryPoint = "posix_spawnattr_destroy")]
    public static partial int AttributesDestroy(void* attributes);

    /// <summary>Calls sigfillset(3).</summary>
    [LibraryImport("libc", EntryPoint = "sigfillset")]
    public static partial int SigFillSet(void* signals);

    /// <summary>Calls sigemptyset(3).</summary>
    [LibraryImport("libc", EntryPoint = "sigemptyset")]
    public static partial int SigEmptySet(void* signals);

    /// <summary>Calls waitpid(2). Returns 0 if WNOHANG is given and the process has not ended.</summary>
    [LibraryImport("libc", EntryPoint = "waitpid", SetLastError = true)]
    public static partial int Waitpid(int process, int* status, int options);

    /// <summary>Calls kill(2). A negative number is that of a process group.</summary>
    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    public static partial int Kill(int process, int signal);

    /// <summary>Calls socketpair(2).</summary>
    [LibraryImport("libc", EntryPoint = "socketpair", SetLastError = true)]
    public static partial int Socketpair(int family, int type, int protocol, int* sockets);

    /// <summary>Calls close(2).</summary>
    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    public static partial int Close(int descriptor);

    /// <summary>Calls read(2).</summary>
    [LibraryImport("libc", EntryPoint = "read", SetLastError = true)]
    public static partial nint Read(int descriptor, byte* bytes, nint length);
}
