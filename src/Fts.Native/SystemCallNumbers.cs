using System.Runtime.InteropServices;

namespace Fts.Native;

/// <summary>
/// The numbers of system calls for Linux on x64 and arm64. They are needed because not every C library that .NET supports has functions for
/// all of these calls.
/// </summary>
public static class SystemCallNumbers
{
    internal const nint Openat2 = 437, Faccessat2 = 439, LandlockCreateRuleset = 444;
    internal const nint LandlockAddRule = 445, LandlockRestrictSelf = 446, Fchmodat2 = 452;

    private static readonly bool s_isArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;

    internal static readonly nint Getdents64 = s_isArm ? 61 : 217;
    internal static readonly nint SchedSetattr = s_isArm ? 274 : 314;
    internal static readonly nint SchedGetattr = s_isArm ? 275 : 315;
    internal static readonly nint Renameat2 = s_isArm ? 276 : 316;
    internal static readonly nint CopyFileRange = s_isArm ? 285 : 326;
    internal static readonly nint Preadv2 = s_isArm ? 286 : 327;
    internal static readonly nint Statx = s_isArm ? 291 : 332;

    /// <summary>Whether these numbers and the structures in this project are valid on this system: Linux on x64 or arm64.</summary>
    public static bool IsSupported =>
        OperatingSystem.IsLinux() && RuntimeInformation.ProcessArchitecture is Architecture.X64 or Architecture.Arm64;
}
