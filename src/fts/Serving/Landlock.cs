using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Serving;

/// <summary>The access rights of Landlock, with the bits of landlock.h.</summary>
[Flags]
internal enum LandlockRights : ulong
{
    None = 0,
    Execute = 1 << 0,
    WriteFile = 1 << 1,
    ReadFile = 1 << 2,
    ReadFolder = 1 << 3,
    RemoveFolder = 1 << 4,
    RemoveFile = 1 << 5,
    MakeCharacterDevice = 1 << 6,
    MakeFolder = 1 << 7,
    MakeFile = 1 << 8,
    MakeSocket = 1 << 9,
    MakeFifo = 1 << 10,
    MakeBlockDevice = 1 << 11,
    MakeLink = 1 << 12,
    /// <summary>Moves or links an entry into another folder (LANDLOCK_ACCESS_FS_REFER).</summary>
    MoveBetweenFolders = 1 << 13,
    Truncate = 1 << 14,
    ControlDevice = 1 << 15,

    /// <summary>The rights that apply to files. The kernel rejects a rule for a file with other rights.</summary>
    FileRights = Execute | WriteFile | ReadFile | Truncate | ControlDevice,
}

/// <summary>
/// A set of rules for Landlock, the sandbox of the Linux kernel (landlock(7)). The rules limit the files that a thread can open and change.
/// Threads that the restricted thread starts inherit the limits, and no thread can remove them. Access that no rule allows fails with
/// EACCES.
/// </summary>
/// <remarks>Landlock does not restrict stat, chmod and utimensat.</remarks>
internal sealed unsafe class Landlock : IDisposable
{
    /// <summary>The first version that the server can use. Version 1 rejects every move between folders, which RNTO needs.</summary>
    private const int MinVersion = 2;

    /// <summary>The first version that can restrict all threads of a process.</summary>
    private const int AllThreadsVersion = 8;

    /// <summary>The errno if the finalizer thread could not be restricted, otherwise 0.</summary>
    private static int s_finalizerThreadError;

    private readonly SafeFileHandle _rules;
    private readonly int _version;
    private readonly LandlockRights _restrictedRights;
    private int _error; // the errno of a rule that could not be added, otherwise 0

    private Landlock(SafeFileHandle rules, int version, LandlockRights restrictedRights) =>
        (_rules, _version, _restrictedRights) = (rules, version, restrictedRights);

    /// <summary>Creates an empty set of rules, which allows nothing.</summary>
    /// <param name="reason">The reason why Landlock cannot be used, if the result is null; otherwise empty.</param>
    /// <returns>The rules, or null if the system does not support Landlock.</returns>
    public static Landlock? TryCreate(out string reason)
    {
        int version = OperatingSystem.IsLinux() ? LandlockCalls.CreateRuleset(null, 0, LandlockCalls.LANDLOCK_CREATE_RULESET_VERSION) : -1;
        if (version < MinVersion)
        {
            reason = DescribeUnsupported(version);
            return null;
        }

        // Version 3 adds Truncate, version 5 adds ControlDevice.
        int rightsCount = version switch { < 3 => 14, < 5 => 15, _ => 16 };
        var restrictedRights = (LandlockRights)((1UL << rightsCount) - 1);
        int rules = LandlockCalls.CreateRuleset((ulong*)&restrictedRights, sizeof(LandlockRights), 0);
        reason = rules < 0 ? DescribeError(Marshal.GetLastPInvokeError()) : "";
        return rules < 0 ? null : new Landlock(new SafeFileHandle(rules, ownsHandle: true), version, restrictedRights);
    }

    /// <summary>Allows rights on a file, or on a folder and everything below it. A path that does not exist is ignored.</summary>
    public void Allow(string path, LandlockRights rights)
    {
        // A rule applies to an inode. The kernel can discard inodes of /proc and create new ones later, unless the files are open.
        bool mustStayOpen = path.StartsWith("/proc/", StringComparison.Ordinal);
        using SafeFileHandle target = FileCalls.Open(path, FileCalls.O_PATH | FileCalls.O_CLOEXEC);
        if (target.IsInvalid)
        {
            return;
        }

        var rule = new PathBeneath { AllowedAccess = (ulong)(rights & _restrictedRights), Parent = GetDescriptor(target) };
        if (LandlockCalls.AddRule(GetDescriptor(_rules), &rule) != 0)
        {
            // The path may be a file, for which the kernel rejects the rights of folders.
            rule.AllowedAccess &= (ulong)LandlockRights.FileRights;
            if (LandlockCalls.AddRule(GetDescriptor(_rules), &rule) != 0)
            {
                _error = Marshal.GetLastPInvokeError();
            }
        }

        if (mustStayOpen)
        {
            target.SetHandleAsInvalid(); // keeps the descriptor open until the process exits
        }
    }

    /// <summary>
    /// Permanently restricts this thread, the threads that it starts later, and the finalizer thread. From version 8 of Landlock, also
    /// restricts the other existing threads.
    /// </summary>
    /// <returns>The reason for a failure, or null on success.</returns>
    public string? Enter()
    {
        if (_error == 0 && _version >= AllThreadsVersion && RestrictThread(LandlockCalls.LANDLOCK_RESTRICT_SELF_TSYNC) == 0)
        {
            return null;
        }

        int error = _error != 0 ? _error : RestrictThread(0);
        if (error == 0)
        {
            // The garbage collector runs the finalizer of a new object on the finalizer thread.
            RestrictFinalizerThread();
            GC.Collect(0);
            GC.WaitForPendingFinalizers();
            error = s_finalizerThreadError;
        }

        return error == 0 ? null : DescribeError(error);
    }

    public void Dispose() => _rules.Dispose();

    private static string DescribeError(int error) => $"the kernel refused the sandbox ({Marshal.GetPInvokeErrorMessage(error)})";

    private static string DescribeUnsupported(int version)
    {
        if (!OperatingSystem.IsLinux())
        {
            return "Landlock needs Linux";
        }

        if (version >= 0)
        {
            return "this kernel has an old version of Landlock; Linux 5.19 or later is needed";
        }

        int error = Marshal.GetLastPInvokeError();
        return error is Errno.ENOSYS or Errno.EOPNOTSUPP ? "this kernel does not support Landlock" : DescribeError(error);
    }

    // This method is not inlined, because a reference in a register of the caller would prevent the finalization of the object.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RestrictFinalizerThread() => _ = new FinalizerRestriction(this);

    /// <summary>
    /// Restricts the calling thread. Returns 0 or an errno. Without PR_SET_NO_NEW_PRIVS, only root could restrict a thread.
    /// </summary>
    private int RestrictThread(nint flags) =>
        ProcessCalls.Prctl(ProcessCalls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
            && LandlockCalls.RestrictSelf(GetDescriptor(_rules), flags) == 0
            ? 0 : Marshal.GetLastPInvokeError();

    private static int GetDescriptor(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    /// <summary>An object whose finalizer restricts the finalizer thread.</summary>
    private sealed class FinalizerRestriction(Landlock landlock)
    {
        ~FinalizerRestriction() => s_finalizerThreadError = landlock.RestrictThread(0);
    }
}
