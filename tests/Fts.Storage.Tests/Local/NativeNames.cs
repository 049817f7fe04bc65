using System.Runtime.InteropServices;

namespace Fts.Storage.Tests.Local;

/// <summary>What tests need of the system and .NET does not offer: FIFOs, devices, second names, extended attributes, names that are not UTF-8, and a thread without the rights of root.</summary>
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
    /// Runs something on a thread of its own with an ordinary user's rights. By number, since the C library would change the whole process; the thread ends
    /// afterwards and takes its identity along. A process that is not root keeps what it is.
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
                    Assert.Equal(0, Setresuid(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117, 65534, 65534, 65534));
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
