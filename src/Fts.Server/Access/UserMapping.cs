using System.Globalization;

namespace Fts.Server.Access;

/// <summary>Which user ids of the machine this process's user namespace knows (user_namespaces(7)).</summary>
internal static class UserMapping
{
    /// <summary>The id the kernel reports for every user that has none here (overflowuid).</summary>
    public const uint Unmapped = 65534;

    private static readonly Lazy<bool> Whole = new(ReadIsWhole);

    /// <summary>Whether every user has an id of its own, as outside of containers.</summary>
    public static bool IsWhole => Whole.Value;

    private static bool ReadIsWhole()
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
