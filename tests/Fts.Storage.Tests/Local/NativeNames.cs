using System.Runtime.InteropServices;

namespace Fts.Storage.Tests.Local;

/// <summary>
/// Native functions for tests: FIFOs, devices, hard links, extended attributes, names that are not UTF-8, and threads without the rights of
/// root.
/// </summary>
internal static partial class NativeNames
{
    [LibraryImport("libc", EntryPoint = "mkfifo", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mkfifo(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "mknod", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", EntryPoint = "link", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Link(string path, string second);

    [LibraryImport("libc", EntryPoint = "mkdir")]
    public static partial int Mkdir(byte[] path, uint mode);

    [LibraryImport("libc", EntryPoint = "setxattr", StringMarshalling = StringMarshalling.Utf8)]
    public static partial int Setxattr(string path, string name, byte[] value, nint size, int flags);

    [LibraryImport("libc", EntryPoint = "getxattr", StringMarshalling = StringMarshalling.Utf8)]
    public static partial nint Getxattr(string path, string name, byte[] value, nint size);

    /// <summary>
    /// Runs an action on a new thread with the rights of an ordinary user. Does nothing else if the process is not root. Uses the system
    /// call by number, because the C library would change the user of the whole process.
    /// </summary>
    public static void AsOrdinaryUser(Action action)
    {
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            try
            {
                if (Environment.IsPrivilegedProcess)
                {
                    Assert.Equal(
                        0,
                        Setresuid(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117, 65534, 65534, 65534));
                }

                action();
            }
            catch (Exception exception)
            {
                failure = exception;
            }
        });
        thread.Start();
        thread.Join();
        Assert.Null(failure);
    }

    [LibraryImport("libc", EntryPoint = "syscall")]
    private static partial nint Setresuid(nint number, uint real, uint effective, uint saved);
}
