using System.Runtime.InteropServices;

namespace Fts.Native;

/// <summary>The system calls of landlock(7). They return -1 on failure and set <see cref="Marshal.GetLastPInvokeError"/>.</summary>
public static unsafe partial class LandlockCalls
{
    public const nint LANDLOCK_CREATE_RULESET_VERSION = 1, LANDLOCK_RULE_PATH_BENEATH = 1, LANDLOCK_RESTRICT_SELF_TSYNC = 1 << 3;

    /// <summary>
    /// Calls landlock_create_ruleset(2). <paramref name="handledAccess"/> points to a struct landlock_ruleset_attr, whose first field is
    /// handled_access_fs.
    /// </summary>
    public static int CreateRuleset(ulong* handledAccess, nint size, nint flags) =>
        (int)SystemCall(SystemCallNumbers.LandlockCreateRuleset, (nint)handledAccess, size, flags);

    /// <summary>Calls landlock_add_rule(2) with LANDLOCK_RULE_PATH_BENEATH.</summary>
    public static int AddRule(int ruleset, PathBeneath* rule) =>
        (int)SystemCall(SystemCallNumbers.LandlockAddRule, ruleset, LANDLOCK_RULE_PATH_BENEATH, (nint)rule);

    /// <summary>Calls landlock_restrict_self(2).</summary>
    public static int RestrictSelf(int ruleset, nint flags) => (int)SystemCall(SystemCallNumbers.LandlockRestrictSelf, ruleset, flags, 0);

    [LibraryImport("libc", EntryPoint = "syscall", SetLastError = true)]
    private static partial nint SystemCall(nint number, nint first, nint second, nint third, nint fourth = 0);
}

/// <summary>The kernel's struct landlock_path_beneath_attr.</summary>
[StructLayout(LayoutKind.Sequential, Pack = 1)]
public struct PathBeneath
{
    public ulong AllowedAccess;
    public int Parent;
}
