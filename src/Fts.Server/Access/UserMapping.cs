using System.Globalization;

namespace Fts.Server.Access;

/// <summary>The user ids of the machine that are mapped in this process's user namespace (user_namespaces(7)).</summary>
internal static class UserMapping
{
    /// <summary>The id that the kernel reports for every user without a mapping (overflowuid).</summary>
    public const uint Unmapped = 65534;

    private static readonly Lazy<bool> LazyIsComplete = new(ReadIsComplete);

    /// <summary>Whether every user id is mapped, as outside of containers.</summary>
    public static bool IsComplete => LazyIsComplete.Value;

    private static bool ReadIsComplete()
    {
        try
        {
            string[] columns = File.ReadAllText("/proc/self/uid_map").Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
            return columns is ["0", "0", var count] && uint.TryParse(count, CultureInfo.InvariantCulture, out uint all) && all == uint.MaxValue;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
