using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using Fts.Native;
using Microsoft.Win32.SafeHandles;

namespace Fts.Serving;

/// <summary>What Landlock tells apart, in the order of the bits of landlock.h.</summary>
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
    ChangeFolder = 1 << 13,
    Truncate = 1 << 14,
    ControlDevice = 1 << 15,

    /// <summary>The ones a file can have; a rule for a file that has others is refused.</summary>
    FileRights = Execute | WriteFile | ReadFile | Truncate | ControlDevice,
}

/// <summary>
/// A set of rules of the Linux kernel's Landlock: which files a thread may open and change once it has entered. Threads it starts afterwards are in it too,
/// and nothing leads out. What is not allowed ends in EACCES; looking at a file's facts (stat) and changing them (chmod, utimensat) is not among what is ruled.
/// </summary>
internal sealed unsafe class Landlock : IDisposable
{
    /// <summary>The first version moves nothing from folder to folder, whatever its rules say: RNTO needs the second.</summary>
    private const int MinVersion = 2;

    /// <summary>The first version that takes all threads of a process at once.</summary>
    private const int AllThreadsVersion = 8;

    private static int s_finalizersError;

    private readonly SafeFileHandle _rules;
    private readonly int _version;
    private readonly LandlockRights _handled;
    private int _error;

    private Landlock(SafeFileHandle rules, int version, LandlockRights handled) => (_rules, _version, _handled) = (rules, version, handled);

    /// <summary>An empty set, which allows nothing; or null, and why there can be none.</summary>
    public static Landlock? TryCreate(out string reason)
    {
        int version = OperatingSystem.IsLinux() ? LandlockCalls.CreateRuleset(null, 0, LandlockCalls.LANDLOCK_CREATE_RULESET_VERSION) : -1;
        if (version < MinVersion)
        {
            reason = !OperatingSystem.IsLinux() ? "only Linux has Landlock"
                : version >= 0 ? "this kernel's Landlock is too old, Linux 5.19 has what it takes"
                : Marshal.GetLastPInvokeError() is Errno.ENOSYS or Errno.EOPNOTSUPP ? "this kernel has no Landlock" : DescribeError(Marshal.GetLastPInvokeError());
            return null;
        }

        var handled = (LandlockRights)((1UL << (version < 3 ? 14 : version < 5 ? 15 : 16)) - 1);
        int rules = LandlockCalls.CreateRuleset((ulong*)&handled, sizeof(LandlockRights), 0);
        reason = rules < 0 ? DescribeError(Marshal.GetLastPInvokeError()) : "";
        return rules < 0 ? null : new Landlock(new SafeFileHandle(rules, ownsHandle: true), version, handled);
    }

    /// <summary>Allows this of a file, or of a folder and everything below it. Of what is not there nothing has to be allowed.</summary>
    public void Allow(string path, LandlockRights rights)
    {
        // A rule is about an inode. When memory is short the kernel forgets those of /proc, and makes others for the same names: held open, they are not forgotten.
        bool mustStayOpen = path.StartsWith("/proc/", StringComparison.Ordinal);
        using SafeFileHandle target = FileCalls.Open(path, FileCalls.O_PATH | FileCalls.O_CLOEXEC);
        if (target.IsInvalid)
        {
            return;
        }

        var rule = new PathBeneath { AllowedAccess = (ulong)(rights & _handled), Parent = GetDescriptor(target) };
        if (LandlockCalls.AddRule(GetDescriptor(_rules), &rule) != 0)
        {
            rule.AllowedAccess &= (ulong)LandlockRights.FileRights;
            if (LandlockCalls.AddRule(GetDescriptor(_rules), &rule) != 0)
            {
                _error = Marshal.GetLastPInvokeError();
            }
        }

        if (mustStayOpen)
        {
            target.SetHandleAsInvalid(); // leaves the descriptor open until the process ends
        }
    }

    /// <summary>
    /// Enters, for good: this thread, the threads it will start, and, for they can start others, the finalizers'. Older kernels leave the other threads that
    /// are there already as they are.
    /// </summary>
    /// <returns>Why that was not possible; null if it was.</returns>
    public string? Enter()
    {
        if (_error == 0 && _version >= AllThreadsVersion && RestrictThread(LandlockCalls.LANDLOCK_RESTRICT_SELF_TSYNC) == 0)
        {
            return null;
        }

        int error = _error != 0 ? _error : RestrictThread(0);
        if (error == 0)
        {
            RestrictFinalizerThread();
            GC.Collect(0);
            GC.WaitForPendingFinalizers();
            error = s_finalizersError;
        }

        return error == 0 ? null : DescribeError(error);
    }

    public void Dispose() => _rules.Dispose();

    private static string DescribeError(int error) => $"the kernel refuses it ({Marshal.GetPInvokeErrorMessage(error)})";

    // A caller that kept the object in a register would keep it from the finalizers.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void RestrictFinalizerThread() => _ = new FinalizerRestriction(this);

    /// <summary>Without the promise never to gain privileges, by which the kernel lets anybody restrict himself, only root could.</summary>
    private int RestrictThread(nint flags) =>
        ProcessCalls.Prctl(ProcessCalls.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && LandlockCalls.RestrictSelf(GetDescriptor(_rules), flags) == 0
            ? 0 : Marshal.GetLastPInvokeError();

    private static int GetDescriptor(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    /// <summary>Its finalizer is the one piece of ours that runs on their thread.</summary>
    private sealed class FinalizerRestriction(Landlock landlock)
    {
        ~FinalizerRestriction() => s_finalizersError = landlock.RestrictThread(0);
    }
}
